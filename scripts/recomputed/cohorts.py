"""Cohorts and repurchase rates (decision 6)."""

import polars as pl
from recomputed.parts import PERIODS, days, period, period_start, rate, round_div


def cohort_cells(customers, facts, booked, as_of) -> pl.DataFrame:
    """Counts per period type, cohort, period and left-censored or not."""
    if customers.is_empty():
        as_of = None
    return pl.concat(
        cells_of(kind, customers, facts, booked, pl.lit(as_of, pl.Date))
        for kind in (*PERIODS, "30_days")
    )


def cells_of(kind: str, customers, facts, booked, as_of: pl.Expr) -> pl.DataFrame:
    first = pl.col("first_purchase_date")

    def number(day: pl.Expr) -> pl.Expr:
        """Number of the customer's period that holds `day`."""
        if kind == "30_days":
            return days(day, first) // 30
        return period(day, kind) - period(first, kind)

    calendar = "month" if kind == "30_days" else kind
    cell = ["cohort_start", "is_left_censored", "period_number"]
    members = customers.select(
        "customer_key",
        "first_purchase_date",
        "is_left_censored",
        cohort_start=period_start(period(first, calendar), calendar),
        periods_over=number(as_of + pl.duration(days=1)),
        repurchased_in=number(pl.col("second_purchase_date")),
        last=number(as_of),
    )
    over = pl.col("periods_over") > pl.col("period_number")
    back = pl.col("repurchased_in") <= pl.col("period_number")
    customers_in = pl.col("customers")
    spine = (
        members.with_columns(pl.col("last").max().over("cohort_start"))
        .select("cohort_start", "is_left_censored", "last")
        .unique()
        .with_columns(period_number=pl.int_ranges(0, pl.col("last") + 1))
        .explode("period_number")
        .drop("last")
    )
    alike = members.group_by(
        "cohort_start", "is_left_censored", "periods_over", "repurchased_in"
    ).agg(customers=pl.len().cast(pl.Int64))
    counted = (
        spine.join(alike, on=["cohort_start", "is_left_censored"])
        .group_by(cell)
        .agg(
            cohort_size=customers_in.sum(),
            eligible_customers=customers_in.filter(over).sum(),
            repurchasers_to_date=customers_in.filter(back).sum(),
            eligible_repurchasers=customers_in.filter(back & over).sum(),
        )
    )
    bought = (
        facts.join(members, on="customer_key")
        .with_columns(period_number=number(pl.col("order_date")))
        .group_by(cell)
        .agg(
            active_customers=pl.col("customer_key").n_unique(),
            eligible_active_customers=pl.col("customer_key").filter(over).n_unique(),
            orders=pl.len(),
            bought=pl.col("net_amount").sum(),
        )
    )
    returned = (
        booked.join(members, on="customer_key")
        .with_columns(period_number=number(pl.col("booked_date")))
        .group_by(cell)
        .agg(returned=pl.col("refund_amount").sum())
    )
    return (
        counted.join(bought, on=cell, how="left")
        .join(returned, on=cell, how="left")
        .with_columns(pl.exclude(cell).fill_null(0).cast(pl.Int64))
        .select(
            pl.lit(kind).alias("period_type"),
            *cell,
            *counted.columns[3:],
            "active_customers",
            "eligible_active_customers",
            "orders",
            net_amount=pl.col("bought") - pl.col("returned"),
        )
    )


CELL = ["period_type", "cohort_start", "period_number"]
COHORT_RATES = [
    *rate(
        "eligible_active_customers",
        "eligible_customers",
        "retention_rate",
        "retention_ci",
    ),
    *rate(
        "eligible_repurchasers",
        "eligible_customers",
        "cumulative_repurchase_rate",
        "cumulative_repurchase_ci",
    ),
]


def retention(cells: pl.DataFrame, as_of) -> pl.DataFrame:
    """Cohort by period, with everything earned up to the end of it."""
    earned = pl.col("net_amount").cum_sum().over("period_type", "cohort_start")
    mature = pl.col("eligible_customers") == pl.col("cohort_size")
    return (
        cells.group_by(CELL)
        .agg(pl.exclude("is_left_censored").sum())
        .sort(CELL)
        .with_columns(
            *COHORT_RATES,
            cumulative_net_amount=earned,
            cumulative_ltv=pl.when(mature).then(
                round_div(earned, pl.col("cohort_size"))
            ),
            is_mature=mature,
            as_of_date=pl.lit(as_of, pl.Date),
        )
    )


def retention_averages(cells, cohorts, as_of) -> pl.DataFrame:
    """Mature cells added up over cohorts, with and without left-censored customers."""
    cells = cells.join(cohorts.filter("is_mature"), on=CELL, how="semi")
    both = [
        cells.with_columns(is_left_censored_excluded=pl.lit(False)),
        cells.filter(~pl.col("is_left_censored")).with_columns(
            is_left_censored_excluded=pl.lit(True)
        ),
    ]
    return (
        pl.concat(both)
        .group_by("period_type", "period_number", "is_left_censored_excluded")
        .agg(
            pl.col("cohort_start").n_unique().alias("cohorts"),
            pl.col(
                "eligible_customers",
                "eligible_active_customers",
                "eligible_repurchasers",
            ).sum(),
        )
        .with_columns(*COHORT_RATES, as_of_date=pl.lit(as_of, pl.Date))
    )


def window_rates(customers: pl.DataFrame, as_of, windows: list[int]) -> pl.DataFrame:
    """Second purchase day within N days, per cohort month and for all customers."""
    first, second = pl.col("first_purchase_date"), pl.col("second_purchase_date")
    window = pl.col("window_days")
    uncensored = ~pl.col("is_left_censored")
    everybody = customers.with_columns(cohort_month=pl.lit(None, pl.Date))
    both = pl.concat([customers, everybody], how="diagonal_relaxed").with_columns(
        cohort_start="cohort_month",
        age=days(pl.lit(as_of, pl.Date), first),
        gap=days(second, first),
    )
    sizes = pl.DataFrame({"window_days": windows}, schema={"window_days": pl.Int64})
    eligible = pl.col("age") >= window
    back = eligible & (pl.col("gap") <= window)
    counted = (
        both.group_by("cohort_start", "age", "gap", "is_left_censored")
        .agg(n=pl.len().cast(pl.Int64))
        .join(sizes, how="cross")
        .group_by("cohort_start", "window_days")
        .agg(
            customers=pl.col("n").sum(),
            eligible_customers=pl.col("n").filter(eligible).sum(),
            repurchasers=pl.col("n").filter(back).sum(),
            uncensored_eligible_customers=pl.col("n")
            .filter(eligible & uncensored)
            .sum(),
            uncensored_repurchasers=pl.col("n").filter(back & uncensored).sum(),
        )
    )
    return counted.with_columns(
        *rate("repurchasers", "eligible_customers", "repurchase_rate", "ci"),
        rate(
            "uncensored_repurchasers",
            "uncensored_eligible_customers",
            "uncensored_repurchase_rate",
            "unused",
        )[0],
        is_mature=pl.col("eligible_customers") == pl.col("customers"),
        as_of_date=pl.lit(as_of, pl.Date),
    )


def period_rates(facts: pl.DataFrame, as_of) -> pl.DataFrame:
    """Buyers and orders per calendar period, guests left out."""
    facts = facts.filter(~pl.col("is_guest"))
    if facts.is_empty():
        as_of = None
    return pl.concat(rates_of(kind, facts, as_of) for kind in PERIODS)


def rates_of(kind: str, facts: pl.DataFrame, as_of) -> pl.DataFrame:
    number = pl.col("number")
    as_of = pl.lit(as_of, pl.Date)
    buyers = (
        facts.with_columns(
            number=period(pl.col("order_date"), kind),
            first=period(pl.col("order_date").min().over("customer_key"), kind),
        )
        .group_by("customer_key", "number")
        .agg(
            purchase_days=pl.col("order_date").n_unique(),
            orders=pl.len(),
            repeat_orders=(pl.col("order_number") > 1).sum(),
            returning=pl.col("first").min() < number.first(),
        )
    )
    earlier = buyers.select("customer_key", number=number - 1, again=pl.lit(True))
    counted = (
        buyers.join(earlier, on=["customer_key", "number"], how="left")
        .group_by("number")
        .agg(
            buyers=pl.len(),
            repeat_customers=(pl.col("purchase_days") > 1).sum(),
            next_period_buyers=pl.col("again").sum(),
            orders=pl.col("orders").sum(),
            repeat_orders=pl.col("repeat_orders").sum(),
            returning_customers=pl.col("returning").sum(),
        )
    )
    spine = (
        facts.select(
            pl.int_ranges(
                period(pl.col("order_date").min(), kind), period(as_of, kind) + 1
            ).alias("number")
        )
        .head(1)
        .explode("number")
        .drop_nulls()
        .cast(pl.Int64)
    )
    dense = spine.join(
        counted.with_columns(number.cast(pl.Int64)), on="number", how="left"
    ).with_columns(pl.exclude("number").fill_null(0).cast(pl.Int64))
    dense = dense.with_columns(
        is_mature=period_start(number + 1, kind) <= as_of + pl.duration(days=1),
        is_next_period_mature=period_start(number + 2, kind)
        <= as_of + pl.duration(days=1),
    )
    buying = "buyers"
    return dense.with_columns(
        *rate("repeat_customers", buying, "repeat_customer_rate", "repeat_customer_ci"),
        *rate(
            "next_period_buyers",
            buying,
            "next_period_repurchase_rate",
            "next_period_repurchase_ci",
            given=pl.col("is_next_period_mature"),
        ),
        *rate("repeat_orders", "orders", "repeat_order_share", "repeat_order_ci"),
        *rate(
            "returning_customers",
            buying,
            "returning_customer_share",
            "returning_customer_ci",
        ),
        period_type=pl.lit(kind),
        period_start=period_start(number, kind),
        as_of_date=as_of,
    ).drop("number")
