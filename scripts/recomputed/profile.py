"""One wide row per customer (decision 14)."""

import polars as pl
from recomputed.parts import quotient
from recomputed.shop import Shop
from recomputed.value import value_deciles

BANDS = {0: "00-06", 1: "06-12", 2: "12-18", 3: "18-24"}


def preferred(rows: pl.DataFrame, name: str, weight: pl.Expr) -> pl.DataFrame:
    """Each customer's value of most weight; ties: the latest, then the smaller."""
    left = (
        rows.drop_nulls(name)
        .group_by("customer_key", name)
        .agg(weight=weight, latest=pl.col("order_number").max())
    )
    for column, best in (("weight", pl.max), ("latest", pl.max), (name, pl.min)):
        left = left.filter(pl.col(column) == best(column).over("customer_key"))
    return left.select("customer_key", pl.col(name).alias(f"preferred_{name}"))


def customer_profiles(shop: Shop, marts: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Tags from the other chapters' marts and each customer's habits."""
    customer = "customer_key"
    hour = pl.col("order_hour") // 6
    orders = shop.known.with_columns(
        weekday=pl.col("order_date").dt.weekday().cast(pl.Int64),
        hour_band=hour.replace_strict(BANDS, default=None, return_dtype=pl.String),
    )
    items = shop.items.join(
        orders.select("order_key", customer, "order_number"), on="order_key"
    ).join(shop.products.select("product_key", "category"), on="product_key")
    count, spent = pl.len(), pl.col("net_amount").sum()
    tags = [
        preferred(orders, "country", count).rename({"preferred_country": "country"}),
        preferred(orders, "channel", count),
        preferred(orders, "weekday", count),
        preferred(orders, "hour_band", count),
        preferred(items, "category", spent),
        preferred(items, "product_id", spent),
        orders.group_by(customer).agg(discounted_orders=pl.col("is_discounted").sum()),
        items.group_by(customer).agg(
            categories_bought=pl.col("category").drop_nulls().n_unique(),
            products_bought=pl.col("product_key").n_unique(),
        ),
        marts["rfm_scores"].select(
            customer, "rfm_cell", "rfm_segment", "rfm_segment_zh", "rfm_value_type"
        ),
        marts["customer_lifecycle"].select(pl.exclude("as_of_date", "recency_days")),
        marts["purchase_cycles"].select(
            customer, "cycle_days", "expected_next_purchase_date", "overdue_ratio"
        ),
        marts["reactivations"].group_by(customer).agg(reactivations=pl.len()),
    ]
    people = marts["fct_customers"]
    for tag in tags:
        people = people.join(tag, on=customer, how="left")
    deciles = value_deciles(shop)
    categories = pl.col("categories_bought")
    churned = pl.col("is_churned_fixed") | pl.col("is_churned_cycle").fill_null(False)
    late = pl.col("expected_next_purchase_date") < pl.col("as_of_date")
    waiting = (pl.col("lifecycle_state") == "at_risk") | late.fill_null(False)
    return people.with_columns(
        pl.col("reactivations").fill_null(0),
        pl.when(categories > 0).then(categories),
        value_decile=pl.Series(
            [deciles[net] for net in people["net_amount"]], dtype=pl.Int64
        ),
        discount_dependence=quotient(
            pl.col("discounted_orders"), pl.col("order_count")
        ),
        risk=pl.when(churned)
        .then(pl.lit("high"))
        .when(waiting)
        .then(pl.lit("medium"))
        .otherwise(pl.lit("low")),
    )
