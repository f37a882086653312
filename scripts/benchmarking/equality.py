"""Whether a rival's tables hold what the marts hold."""

import re

import duckdb

# What is compared, mart by mart: the key, then the columns. The keys of orders and
# customers are a rival's own, so they are compared by the shop's ids. A rival writes no
# texts that are only looked up in a seed (Chinese names, actions, value types) and no
# values by horizon, tax, shipping, countries or intervals of cohorts.
COLUMNS = {
    "fct_orders": (
        ["order_id"],
        "connector shop_id customer_id is_guest order_date ordered_at order_number "
        "purchase_number is_first_order is_repeat_order days_since_previous_purchase "
        "days_since_first_purchase channel coupon_code is_discounted currency "
        "gross_amount discount_amount refund_amount net_amount status",
    ),
    "fct_order_items": (
        ["order_id", "line_number"],
        "product_id quantity unit_price gross_amount discount_amount refund_amount "
        "net_amount",
    ),
    "fct_customers": (
        ["customer_id"],
        "first_purchase_date last_purchase_date second_purchase_date cohort_month "
        "order_count purchase_count gross_amount refund_amount net_amount "
        "average_order_value tenure_days recency_days first_channel first_product_id "
        "first_category first_order_was_discounted is_left_censored",
    ),
    "rfm_scores": (
        ["customer_id"],
        "recency_days frequency monetary r_score f_score m_score rfm_cell rfm_segment "
        "segment_rank",
    ),
    "rfm_segments": (
        ["rfm_segment"],
        "segment_rank customers customer_share net_amount revenue_share "
        "average_recency_days average_frequency average_order_value",
    ),
    "rfm_thresholds": (["dimension", "score"], "lower_bound upper_bound customers"),
    "cohort_retention": (
        ["period_type", "cohort_start", "period_number"],
        "cohort_size eligible_customers active_customers orders net_amount "
        "retention_rate repurchasers_to_date cumulative_repurchase_rate "
        "cumulative_net_amount cumulative_ltv is_mature",
    ),
    "repurchase_rates": (
        ["cohort_start", "window_days"],
        "customers eligible_customers repurchasers repurchase_rate ci_low ci_high "
        "is_mature",
    ),
    "purchase_cycles": (
        ["customer_id"],
        "gaps median_gap_days mean_gap_days gap_cv cycle_days "
        "expected_next_purchase_date overdue_ratio",
    ),
    "customer_lifecycle": (
        ["customer_id"],
        "lifecycle_state previous_gap_days recency_days is_churned_fixed "
        "is_churned_cycle",
    ),
    "lifecycle_transitions": (["month_start", "from_state", "to_state"], "customers"),
}
# What the key of a mart is read from where the mart itself has only the integer one.
IDS = {
    "fct_order_items": ("fct_orders", "order_key", "order_id"),
    "rfm_scores": ("fct_customers", "customer_key", "customer_id"),
    "purchase_cycles": ("fct_customers", "customer_key", "customer_id"),
    "customer_lifecycle": ("fct_customers", "customer_key", "customer_id"),
}
# Two orders of a customer in the same second come in the sequence of their keys, which
# are a rival's own: of such customers these marts may differ.
TIES = ["fct_orders", "fct_customers", "purchase_cycles", "customer_lifecycle"]
TIED = """
    select customer_id from ours.fct_orders
    group by customer_id, ordered_at having count(*) > 1
"""
MONEY = "amount|monetary|unit_price|order_value|ltv"
LARGEST_DIFFERENCE = 1e-9  # of doubles, relative


def rows_of(side: str, mart: str) -> str:
    """A mart of a side with the columns of its key, as a subquery."""
    if mart not in IDS:
        return f"{side}.{mart}"
    table, key, shop_id = IDS[mart]
    return (
        f"(select {shop_id}, mart.* from {side}.{mart} as mart "
        f"join {side}.{table} using ({key}))"
    )


def differs(column: str, our_type: str, their_type: str) -> str:
    """SQL that is true where a column of the two sides differs.

    A rival may hold money in cents and days as timestamps at midnight.
    """
    ours, theirs = f"ours.{column}", f"theirs.{column}"
    if our_type == "DOUBLE":
        return (
            f"({ours} is null) <> ({theirs} is null) or abs({ours} - {theirs}) > "
            f"{LARGEST_DIFFERENCE} * greatest(abs({ours}), abs({theirs}))"
        )
    if re.search(MONEY, column) and "INT" in their_type:
        return f"{ours} * 100 is distinct from {theirs}"
    return f"{ours} is distinct from {theirs}::{our_type}"


def differences(con: duckdb.DuckDBPyConnection, mart: str) -> dict[str, int]:
    """How many rows differ, by column; `rows` are those that a side has not, or twice.

    `con` has the schemas or databases `ours` and `theirs`.
    """
    key, columns = COLUMNS[mart]
    types = [
        {
            name: kind
            for name, kind, *_ in con.execute(f"describe {side}.{mart}").fetchall()
        }
        for side in ("ours", "theirs")
    ]
    same = " and ".join(
        f"ours.{name} is not distinct from theirs.{name}" for name in key
    )
    parts = {
        name: differs(name, types[0][name], types[1][name]) for name in columns.split()
    }
    compared = "one and two"
    if mart in TIES:
        compared += f" and ours.customer_id not in ({TIED})"
    counts = ", ".join(
        f"count(*) filter (where {compared} and ({sql}))" for sql in parts.values()
    )
    found = con.execute(
        f"""
        select
            greatest(
                count(*) filter (where one is null or two is null),
                abs(
                    (select count(*) from ours.{mart})
                    - (select count(*) from theirs.{mart})
                )
            ),
            {counts}
        from (select true as one, * from {rows_of("ours", mart)}) as ours
        full join (select true as two, * from {rows_of("theirs", mart)}) as theirs
            on {same}
        """
    ).fetchone()
    named = zip(["rows", *parts], found, strict=True)
    return {name: count for name, count in named if count}
