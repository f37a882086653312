"""The marts computed a second time, in Polars, straight from what the raw files say.

Used by `verify.py` alone. It knows docs/decisions, the rule seeds and the vars, and
nothing of the SQL models; each chapter stands in a module of `recomputed`. Money is
held in whole cents, quantities in thousandths, unit prices in ten-thousandths, so that
every sum is exact.
"""

import polars as pl
from recomputed.audit import account_rows
from recomputed.cohorts import (
    cohort_cells,
    period_rates,
    retention,
    retention_averages,
    window_rates,
)
from recomputed.columns import COLUMNS, GRAINS, published
from recomputed.facts import (
    customer_facts,
    dates,
    price_orders,
    product_facts,
    refund_facts,
    sequence_orders,
    share_items,
)
from recomputed.first_attribute import by_first_attribute
from recomputed.lifecycle import lifecycle, reactivations
from recomputed.parts import RATE_UNIT, SHOP, hash_keys
from recomputed.prediction import prediction
from recomputed.products import products as products_and_channels
from recomputed.profile import customer_profiles
from recomputed.rfm import rfm
from recomputed.rfm_history import rfm_history
from recomputed.rows import accepted, decide_rows
from recomputed.shop import Shop
from recomputed.timing import timing
from recomputed.value import lifetime_values, value

__all__ = ["COLUMNS", "GRAINS", "RATE_UNIT", "decide_rows", "marts_of", "recompute"]


def recompute(
    rows: dict,
    entities: dict,
    v: dict,
    rules: dict,
    sample: int = 1,
    published_marts: dict[str, pl.DataFrame] | None = None,
) -> dict:
    """Every mart, by name, from the contract's rows.

    `rows`: entity to its frame as the raw files say; `entities`: connector to the list
    it has; `v`: the vars; `rules`: the rule seeds. With `sample` k above 1 only
    customers whose key is divisible by k are followed, and marts that need every
    customer are left out. `published_marts` may hold what the database says of fits:
    at its parameters customers are predicted; without it, at those fitted here.
    """
    decided = decide_rows(rows, entities, v, rules)
    return marts_of(decided, entities, v, rules, sample, published_marts)


def star(decided: dict, entities: dict, v: dict, rules: dict, sample: int) -> tuple:
    """The facts of the shop, and the marts of the audit."""
    as_of = decided["as_of"]
    orders = price_orders(decided, entities)
    audit = account_rows(decided, orders, entities, rules)
    products = product_facts(decided)

    purchases = orders.filter("is_purchase")
    first_purchase = purchases["order_date"].min()
    observed = v["observation_start"] or first_purchase
    first_day = min(filter(None, [observed, first_purchase]), default=None)
    if sample > 1:
        purchases = purchases.filter(pl.col("person_key") % sample == 0)
    facts = sequence_orders(purchases)
    lines = accepted(decided["order_items"])
    items = hash_keys(share_items(lines, facts), "product_key", *SHOP, "product_id")
    buyers = (
        facts.filter(~pl.col("is_guest"))
        .group_by("person_key")
        .agg(first_purchase_date=pl.col("order_date").min())
    )
    refunds = refund_facts(decided, orders, buyers, v)
    if sample > 1:
        refunds = refunds.filter(pl.col("customer_key") % sample == 0)
    booked = refunds.filter(pl.col("refund_of") == "customer")
    customers = customer_facts(facts, items, products, booked, as_of, v, observed)
    known = {name: decided[name] for name in ("taken", "refunds")}
    shop = Shop(
        *(facts, items, products, refunds, customers),
        *(as_of, observed, first_day, v, rules, known),
    )
    return shop, audit


def marts_of(
    decided: dict,
    entities: dict,
    v: dict,
    rules: dict,
    sample: int,
    published_marts: dict[str, pl.DataFrame] | None,
) -> dict:
    """`recompute` from what `decide_rows` returns, which is emptied on the way."""
    shop, (rejected, reconciliation) = star(decided, entities, v, rules, sample)
    decided.clear()  # most of it is not needed any more
    facts, items, booked, as_of = shop.facts, shop.items, shop.booked, shop.as_of
    marts = {
        "fct_orders": facts,
        "fct_order_items": items.with_columns(line_number="position"),
        "fct_refunds": shop.refunds,
        "fct_customers": lifetime_values(shop),
        "dim_products": shop.products,
        "dim_dates": dates(shop.first_day, as_of, rules["holidays"]),
        "reactivations": reactivations(shop),
        "rejected_rows": rejected,
        "source_reconciliation": reconciliation,
    }
    if sample == 1:
        cells = cohort_cells(shop.customers, facts, booked, as_of)
        cohorts = retention(cells, as_of)
        marts |= rfm(facts, booked, as_of, v, rules) | {
            "cohort_retention": cohorts,
            "cohort_retention_averages": retention_averages(cells, cohorts, as_of),
            "repurchase_rates": window_rates(
                shop.customers, as_of, v["repurchase_windows"]
            ),
            "repurchase_rates_by_period": period_rates(facts, as_of),
            "cohort_retention_by_first_attribute": by_first_attribute(shop),
        }
        for chapter in (timing, lifecycle, rfm_history, value, products_and_channels):
            marts |= chapter(shop)
        marts["customer_profiles"] = customer_profiles(shop, marts)
        marts |= prediction(shop, marts, published_marts or {})
    return {
        name: marts[name].select(published(columns))
        for name, columns in COLUMNS.items()
        if name in marts
    }
