"""Products, pairs, next products and channels (decision 14).

Pairs are counted product by product over the lists of baskets each is in.
"""

from collections import Counter, defaultdict

import numpy as np
import polars as pl
from recomputed.parts import days, rate, round_div
from recomputed.shop import Shop, share_at_most
from recomputed.timing import DOUBLE, Curve

SOON = 90


def bought_items(shop: Shop) -> pl.DataFrame:
    """Items with their order's customer, day and number."""
    orders = shop.facts.select(
        "order_key", "customer_key", "order_date", "order_number"
    )
    return shop.items.join(orders, on="order_key")


def reorders(shop: Shop, bought: pl.DataFrame) -> pl.DataFrame:
    """Per product: who came back for it, how soon, and how long it takes."""
    known = bought.filter(pl.col("customer_key").is_not_null())
    dates: dict[int, dict[int, set]] = defaultdict(lambda: defaultdict(set))
    for product, customer, day in known.select(
        "product_key", "customer_key", "order_date"
    ).iter_rows():
        dates[product][customer].add(day)
    rows = []
    for product, people in dates.items():
        waits, closed = [], []
        repeat = eligible = soon = 0
        for own in people.values():
            ordered = sorted(own)
            gaps = [(b - a).days for a, b in zip(ordered, ordered[1:], strict=False)]
            waits += [*gaps, (shop.as_of - ordered[-1]).days]
            closed += [*[True] * len(gaps), False]
            repeat += bool(gaps)
            over = (shop.as_of - ordered[0]).days >= SOON
            eligible += over
            soon += over and bool(gaps) and gaps[0] <= SOON
        ended = [
            wait for wait, is_closed in zip(waits, closed, strict=True) if is_closed
        ]
        median = Curve(waits, closed).first_at_most(50)
        counts = (len(people), repeat, eligible, soon)
        rows.append((product, *counts, share_at_most(ended, 50), median))
    names = (
        "product_key customers repeat_buyers eligible_customers_90d repeat_buyers_90d "
        "median_reorder_days km_median_reorder_days"
    )
    return shop.rows(names, rows)


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


def baskets(bought: pl.DataFrame, by: str) -> list[list[int]]:
    """The different products of each order, or of each customer."""
    return (
        bought.drop_nulls(by)
        .group_by(by)
        .agg(pl.col("product_key").unique())["product_key"]
        .to_list()
    )


def pairs(kept: list[list[int]], least: int):
    """Products a < b and the baskets with a, with b and with both."""
    places: dict[int, list[int]] = defaultdict(list)
    for place, basket in enumerate(kept):
        for product in basket:
            places[product].append(place)
    often = {product for product, own in places.items() if len(own) >= least}
    frequent = [
        np.array([p for p in basket if p in often], dtype=np.int64) for basket in kept
    ]
    for a in often:
        others = np.concatenate([frequent[place] for place in places[a]])
        products, together = np.unique(others[others > a], return_counts=True)
        for b, both in zip(products.tolist(), together.tolist(), strict=True):
            if both >= least:
                yield a, b, len(places[a]), len(places[b]), both


def product_affinity(shop: Shop) -> pl.DataFrame:
    most = shop.v["affinity_maximum_products"]
    bought, rows = bought_items(shop), []
    for basis, by in (("order", "order_key"), ("customer", "customer_key")):
        everything = baskets(bought, by)
        kept = [basket for basket in everything if len(basket) <= most]
        n, left = len(kept), len(everything) - len(kept)
        for a, b, with_a, with_b, both in pairs(
            kept, shop.v["affinity_minimum_together"]
        ):
            measures = (
                both / n,
                both / with_a,
                both / with_b,
                both * n / (with_a * with_b),
                (both * n - with_a * with_b) / (n * n),
            )
            rows.append((a, b, basis, n, left, with_a, with_b, both, *measures))
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
    contents: dict[tuple, set[int]] = defaultdict(set)
    for customer, day, product in (
        bought_items(shop)
        .drop_nulls("customer_key")
        .select("customer_key", "order_date", "product_key")
        .iter_rows()
    ):
        contents[customer, day].add(product)
    steps, leaving, reaching, moves = 0, Counter(), Counter(), Counter()
    walks = []
    for customer, day, following in (
        shop.visits.filter("closed").select("customer_key", "day", "next").iter_rows()
    ):
        here, there = (contents.get((customer, d), set()) for d in (day, following))
        if 0 < len(here) <= most and 0 < len(there) <= most:
            steps += 1
            leaving.update(here)
            reaching.update(there)
            walks.append((here, there))
    for here, there in walks:
        targets = [b for b in there if reaching[b] >= least]
        for a in here:
            if leaving[a] >= least:
                moves.update((a, b) for b in targets)
    rows = [
        (a, b, n, leaving[a], reaching[b], steps, reaching[b] / steps)
        for (a, b), n in moves.items()
        if n >= least
    ]
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
