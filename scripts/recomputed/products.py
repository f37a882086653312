"""Products, pairs, next products and channels (decision 14).

Pairs are counted product by product over the lists that each is in.
"""

import numpy as np
import polars as pl
from recomputed.parts import days, rate, round_div
from recomputed.shop import Shop, share_at_most
from recomputed.timing import DOUBLE, curve

SOON = 90


def bought_items(shop: Shop) -> pl.DataFrame:
    """Items with their order's customer, day and number."""
    orders = shop.facts.select(
        "order_key", "customer_key", "order_date", "order_number"
    )
    money = ["quantity", "gross_amount", "net_amount"]
    items = shop.items.select("order_key", "product_key", *money)
    return items.join(orders, on="order_key")


def reorders(shop: Shop, bought: pl.DataFrame) -> pl.DataFrame:
    """Per product: who came back for it, how soon, and how long it takes."""
    own = ["product_key", "customer_key"]
    day, wait, closed = (pl.col(name) for name in ("order_date", "wait", "closed"))
    as_of = pl.lit(shop.as_of, pl.Date)
    same = pl.all_horizontal(pl.col(name) == pl.col(name).shift() for name in own)
    visits = (
        bought.drop_nulls("customer_key")
        .select(*own, "order_date")
        .unique()
        .sort(*own, "order_date")
        .with_columns(is_first=~same.fill_null(False))
        .with_columns(closed=~pl.col("is_first").shift(-1, fill_value=True))
        .with_columns(
            wait=days(pl.when(closed).then(day.shift(-1)).otherwise(as_of), day)
        )
    )
    first, over = pl.col("is_first"), days(as_of, day) >= SOON
    counted = visits.group_by("product_key").agg(
        customers=first.sum(),
        repeat_buyers=(first & closed).sum(),
        eligible_customers_90d=(first & over).sum(),
        repeat_buyers_90d=(first & over & closed & (wait <= SOON)).sum(),
        median_reorder_days=share_at_most(wait.filter("closed"), 50),
    )
    medians = [
        (product, curve(some).first_at_most(50))
        for (product,), some in visits.partition_by("product_key", as_dict=True).items()
    ]
    return counted.join(
        shop.rows("product_key km_median_reorder_days", medians), on="product_key"
    )


def product_performance(shop: Shop) -> pl.DataFrame:
    bought = bought_items(shop)
    order, known = pl.col("order_key"), pl.col("customer_key").is_not_null()
    sums = bought.group_by("product_key").agg(
        orders=order.n_unique(),
        units=pl.col("quantity").sum(),
        gross_amount=pl.col("gross_amount").sum(),
        net_amount=pl.col("net_amount").sum(),
        first_orders=order.filter(known & (pl.col("order_number") == 1)).n_unique(),
        customer_orders=order.filter(known).n_unique(),
    )
    counts = pl.exclude("median_reorder_days", "km_median_reorder_days")
    keys = shop.products.select("product_key", "product_id", "name", "category")
    numbers = (
        keys.select("product_key")
        .join(sums, on="product_key", how="left")
        .join(reorders(shop, bought).drop("as_of_date"), on="product_key", how="left")
        .with_columns(counts.fill_null(0))
    )
    first, orders = pl.col("first_orders"), pl.col("customer_orders")
    return shop.stamp(
        keys.join(numbers, on="product_key").with_columns(
            *rate("repeat_buyers", "customers", "repeat_buyer_rate", "repeat_buyer_ci"),
            *rate(
                "repeat_buyers_90d",
                "eligible_customers_90d",
                "repeat_buyer_rate_90d",
                "repeat_buyer_90d_ci",
            ),
            first_order_share=pl.when(orders > 0).then(first / orders),
        )
    )


# ---- pairs ----


class Lists:
    """Lists of different products, known by their places 0, 1, 2, ...

    `rows` holds pairs of `place` and `product_key`; products are numbered here.
    """

    def __init__(self, rows: pl.DataFrame, lists: int):
        rows = rows.sort("place")
        self.keys, self.products = np.unique(rows["product_key"], return_inverse=True)
        self.places = rows["place"].to_numpy()
        self.length = np.bincount(self.places, minlength=lists)
        self.end = np.cumsum(self.length)

    def count(self, places) -> np.ndarray:
        """How many of the lists at these places each product is in."""
        length = self.length[places]
        before = np.repeat(self.end[places] - np.cumsum(length), length)
        within = self.products[before + np.arange(len(before))]
        return np.bincount(within, minlength=len(self.keys))

    def holding(self):
        """Each product's number with the places of the lists that it is in."""
        order = np.argsort(self.products, kind="stable")
        ends = np.cumsum(np.bincount(self.products, minlength=len(self.keys)))
        yield from enumerate(np.split(self.places[order], ends[:-1]))


def baskets(bought: pl.DataFrame, by: str) -> pl.DataFrame:
    """Products by the place of the order, or of the customer, they belong to."""
    return (
        bought.drop_nulls(by)
        .select(by, "product_key")
        .unique()
        .sort(by)
        .select("product_key", place=pl.col(by).rle_id(), products=pl.len().over(by))
    )


def product_affinity(shop: Shop) -> pl.DataFrame:
    most, least = (
        shop.v[f"affinity_{name}"] for name in ("maximum_products", "minimum_together")
    )
    bought, rows = bought_items(shop), []
    for basis, by in (("order", "order_key"), ("customer", "customer_key")):
        everything = baskets(bought, by)
        some = everything.filter(pl.col("products") <= most)
        n = some["place"].n_unique()
        left = everything["place"].n_unique() - n
        kept = Lists(some, len(everything))
        alone = kept.count(np.flatnonzero(kept.length)).tolist()
        for a, places in kept.holding():
            together = kept.count(places)
            for b in np.flatnonzero(together >= least).tolist():
                if b <= a:
                    continue
                with_a, with_b, both = alone[a], alone[b], int(together[b])
                measures = (
                    both / n,
                    both / with_a,
                    both / with_b,
                    both * n / (with_a * with_b),
                    (both * n - with_a * with_b) / (n * n),
                )
                keys = (int(kept.keys[a]), int(kept.keys[b]))
                rows.append((*keys, basis, n, left, with_a, with_b, both, *measures))
    doubles = ["support", "confidence_ab", "confidence_ba", "lift", "leverage"]
    return shop.rows(
        "product_a product_b basis baskets baskets_left_out baskets_a baskets_b "
        f"together {' '.join(doubles)}",
        rows,
        basis=pl.String,
        **dict.fromkeys(doubles, DOUBLE),
    )


def next_products(shop: Shop) -> pl.DataFrame:
    most, least = (
        shop.v[f"affinity_{name}"] for name in ("maximum_products", "minimum_together")
    )
    # Purchase days are in order: the next one of the customer has the next place.
    visits = shop.visits.select(
        "customer_key", "closed", order_date="day"
    ).with_row_index("place")
    bought = (
        bought_items(shop)
        .select("customer_key", "order_date", "product_key")
        .unique()
        .join(visits, on=["customer_key", "order_date"])
    )
    days_of = Lists(bought, len(visits))
    some = (days_of.length > 0) & (days_of.length <= most)
    is_step = visits["closed"].to_numpy() & some & np.append(some[1:], False)
    steps = int(is_step.sum())
    leaving = days_of.count(np.flatnonzero(is_step)).tolist()
    reaching = days_of.count(np.flatnonzero(is_step) + 1).tolist()
    rows = []
    for a, places in days_of.holding():
        moves = days_of.count(places[is_step[places]] + 1)
        for b in np.flatnonzero(moves >= least).tolist():
            keys = (int(days_of.keys[a]), int(days_of.keys[b]))
            counts = (int(moves[b]), leaving[a], reaching[b], steps)
            rows.append((*keys, *counts, reaching[b] / steps))
    names = "product_from product_to transitions steps_from steps_to steps base_rate"
    found = shop.rows(names, rows, base_rate=DOUBLE)
    return found.with_columns(
        rate("transitions", "steps_from", "probability", "ci")
    ).with_columns(lift=pl.col("probability") / pl.col("base_rate"))


# ---- channels ----


def channel_performance(shop: Shop) -> pl.DataFrame:
    channel = pl.col("channel").fill_null("(none)")
    orders = shop.facts.with_columns(channel=channel)
    if not shop.facts["channel"].count():
        orders = orders.clear()
    sums = orders.group_by("channel").agg(
        orders=pl.len(),
        customers=pl.col("customer_key").drop_nulls().n_unique(),
        net_amount=pl.col("net_amount").sum(),
    )
    gap = days(pl.col("second_purchase_date"), pl.col("first_purchase_date"))
    over = pl.col("tenure_days") >= SOON
    first = (
        shop.customers.with_columns(channel=pl.col("first_channel").fill_null("(none)"))
        .group_by("channel")
        .agg(
            new_customers=pl.len(),
            eligible_customers_90d=over.sum(),
            repurchasers_90d=(over & (gap <= SOON)).sum(),
        )
    )
    counted = sums.join(first, on="channel", how="left").with_columns(
        pl.col("new_customers", "eligible_customers_90d", "repurchasers_90d").fill_null(
            0
        )
    )
    return shop.stamp(counted).with_columns(
        *rate(
            "repurchasers_90d", "eligible_customers_90d", "repurchase_rate_90d", "ci"
        ),
        average_order_value=round_div(pl.col("net_amount"), pl.col("orders")),
    )


def products(shop: Shop) -> dict[str, pl.DataFrame]:
    return {
        "product_performance": product_performance(shop),
        "product_affinity": product_affinity(shop),
        "next_products": next_products(shop),
        "channel_performance": channel_performance(shop),
    }
