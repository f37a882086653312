"""Orders, items, refunds, customers, products and days (decisions 4 and 7)."""

import datetime

import polars as pl
from recomputed.parts import (
    DAY,
    SHOP,
    convert,
    days,
    hash_keys,
    in_all,
    round_div,
    share_out,
)
from recomputed.rows import accepted, number_lines, with_person


def price_orders(decided: dict, entities: dict) -> pl.DataFrame:
    """Accepted orders in the reporting currency, with `is_purchase` and a warning."""
    given_back = (
        accepted(decided["refunds"])
        .filter(pl.col("order_key").is_not_null())
        .group_by("order_key")
        .agg(
            own_refund=pl.col("refund_amount").sum(),
            refund=convert("refund_amount").sum(),
        )
    )
    lines = (
        accepted(decided["order_items"])
        .group_by("order_key")
        .agg(
            lines_gross=pl.col("line_gross").sum(),
            lines_discount=pl.col("discount_amount").sum(),
            has_discounts=pl.col("discount_amount").is_not_null().any(),
        )
    )
    orders = (
        decided["taken"]
        .join(given_back, on="order_key", how="left")
        .join(lines, on="order_key", how="left")
        .with_columns(pl.col("discount_amount", "own_refund", "refund").fill_null(0))
    )
    gross, discount = pl.col("gross_amount"), pl.col("discount_amount")
    refund = pl.col("own_refund")
    with_lines = [
        name
        for name, has in entities.items()
        if {"order_items", "order_lines"} & set(has)
    ]
    differ = (pl.col("lines_gross") != gross) | (
        pl.col("has_discounts") & (pl.col("lines_discount") != discount)
    )
    no_lines = pl.col("connector").is_in(with_lines) & pl.col("lines_gross").is_null()
    return (
        orders.with_columns(
            raw_gross=gross,
            is_purchase=pl.col("is_valid")
            & ~pl.col("is_refunded")
            & ~pl.col("is_test")
            & ((refund == 0) | (refund < gross - discount)),
            warning_code=pl.when(no_lines)
            .then(pl.lit("no_lines"))
            .when(differ)
            .then(pl.lit("lines_differ"))
            .when(discount > gross)
            .then(pl.lit("discount_exceeds_gross")),
        )
        .with_columns(
            *(
                convert(name).alias(name)
                for name in ("gross_amount", "discount_amount")
            ),
            convert("tax_amount").alias("tax_amount"),
            convert("shipping_amount").alias("shipping_amount"),
            refund_amount="refund",
        )
        .with_columns(
            net_amount=pl.col("gross_amount")
            - pl.col("discount_amount")
            - pl.col("refund_amount")
        )
    )


def order_hour(orders: pl.DataFrame) -> pl.Expr:
    """Hour on the shop's clock, NULL where the raw file gives a day alone."""
    utc = pl.col("ordered_at").dt.replace_time_zone("UTC")
    hour = pl.lit(None, pl.Int64)
    for zone in orders["time_zone"].unique().drop_nulls():
        here = pl.col("has_order_time") & (pl.col("time_zone") == zone)
        local = utc.dt.convert_time_zone(zone).dt.hour().cast(pl.Int64)
        hour = pl.when(here).then(local).otherwise(hour)
    return hour


def sequence_orders(purchases: pl.DataFrame) -> pl.DataFrame:
    """Purchases with their place among the customer's own; NULL for guests."""
    customer = pl.col("person_key").is_not_null()
    purchases = purchases.sort("person_key", "order_date", "ordered_at", "order_key")
    day = pl.col("order_date")
    numbered = purchases.with_columns(
        customer_key="person_key",
        is_guest=~customer,
        order_hour=order_hour(purchases),
        order_number=pl.when(customer).then(
            pl.int_range(1, pl.len() + 1).over("person_key")
        ),
        purchase_number=pl.when(customer).then(day.rank("dense").over("person_key")),
        days_since_first_purchase=pl.when(customer).then(
            days(day, day.min().over("person_key"))
        ),
    )
    previous = (
        numbered.filter(customer)
        .select(
            "customer_key",
            purchase_number=pl.col("purchase_number") + 1,
            previous_date="order_date",
        )
        .unique()
    )
    return numbered.join(
        previous, on=["customer_key", "purchase_number"], how="left"
    ).with_columns(
        days_since_previous_purchase=days(day, pl.col("previous_date")),
        is_first_order=customer & (pl.col("order_number") == 1),
        is_repeat_order=customer & (pl.col("order_number") > 1),
        is_discounted=pl.col("discount_amount") > 0,
    )


def share_items(items: pl.DataFrame, purchases: pl.DataFrame) -> pl.DataFrame:
    """Lines of purchases, numbered, with the order's money shared out over them."""
    money = purchases.select(
        "order_key",
        "rate",
        order_gross="gross_amount",
        order_discount="discount_amount",
        order_refund="refund_amount",
    )
    names = ["line_number", "product_id", "quantity", "unit_price", "discount_amount"]
    items = items.select(*SHOP, "order_key", "line_gross", *names).join(
        money, on="order_key"
    )
    items = number_lines(items, ["order_key"], "position")
    own = pl.col("discount_amount")
    items = items.with_columns(
        gross_total=in_all(pl.col("line_gross")),
        discount_total=in_all(own.fill_null(0)),
        has_discounts=in_all(own.is_not_null().cast(pl.Int64)) > 0,
    ).with_columns(
        weight=pl.when("has_discounts").then(own.fill_null(0)).otherwise("line_gross"),
        gross_total=convert("gross_total"),
        discount_total=pl.when("has_discounts")
        .then(convert("discount_total"))
        .otherwise("order_discount"),
    )
    items = share_out(items, "gross_amount", "gross_total", "line_gross")
    items = share_out(items, "discount_amount", "discount_total", "weight")
    gross, discount = pl.col("gross_amount"), pl.col("discount_amount")
    items = items.with_columns(paid=pl.max_horizontal(gross - discount, 0))
    items = share_out(items, "refund_amount", "order_refund", "paid")
    return items.with_columns(net_amount=gross - discount - pl.col("refund_amount"))


def refund_facts(decided: dict, orders: pl.DataFrame, buyers: pl.DataFrame, v: dict):
    """Accepted refunds, converted, with whose they are and where they are booked."""
    purchases = orders.filter("is_purchase").select("order_key", bought=pl.lit(True))
    none = pl.lit(None, pl.String)
    refunds = with_person(
        accepted(decided["refunds"]).with_columns(email_hash=none, phone_hash=none),
        decided["people"],
        v,
    )
    refunds = refunds.join(purchases, on="order_key", how="left").join(
        buyers, on="person_key", how="left"
    )
    has_order = pl.col("order_key").is_not_null()
    known = pl.col("first_purchase_date").is_not_null()
    return hash_keys(
        refunds.with_columns(
            refund_amount=convert("refund_amount"),
            refund_date=pl.coalesce("refund_date", "order_day"),
            refund_of=pl.when(has_order & pl.col("bought"))
            .then(pl.lit("purchase"))
            .when(has_order)
            .then(pl.lit("excluded_order"))
            .when(known)
            .then(pl.lit("customer"))
            .otherwise(pl.lit("nobody")),
            customer_key=pl.when(has_order)
            .then("order_person")
            .when(known)
            .then("person_key"),
            booked_date=pl.when(has_order)
            .then("order_day")
            .otherwise(pl.max_horizontal("refund_date", "first_purchase_date")),
        ),
        "refund_key",
        *SHOP,
        "refund_id",
    )


def customer_facts(facts, items, products, booked, as_of, v, observed) -> pl.DataFrame:
    """One row per customer who purchased; `booked` are refunds without an order."""
    known = facts.filter(~pl.col("is_guest"))
    day = pl.col("order_date")
    unreferenced = booked.group_by("customer_key").agg(
        back=pl.col("refund_amount").sum()
    )
    customers = known.group_by("customer_key").agg(
        customer_id=pl.col("person_id").first(),
        first_purchase_date=day.min(),
        last_purchase_date=day.max(),
        second_purchase_date=day.filter(pl.col("purchase_number") == 2).first(),
        order_count=pl.len(),
        purchase_count=pl.col("purchase_number").max(),
        gross_amount=pl.col("gross_amount").sum(),
        discount_amount=pl.col("discount_amount").sum(),
        refund_amount=pl.col("refund_amount").sum(),
    )
    first = known.filter(pl.col("order_number") == 1).select(
        "customer_key",
        "order_key",
        first_channel="channel",
        first_order_was_discounted="is_discounted",
    )
    best = (
        items.join(first.select("order_key"), on="order_key", how="semi")
        .sort("net_amount", "position", descending=[True, False])
        .unique("order_key", keep="first", maintain_order=True)
        .select("order_key", "product_key", first_product_id="product_id")
        .join(
            products.select("product_key", first_category="category"), on="product_key"
        )
    )
    burn_in = datetime.timedelta(days=v["burn_in_days"])
    censored_until = observed + burn_in if observed else None
    customers = (
        customers.join(first, on="customer_key")
        .join(best, on="order_key", how="left")
        .join(unreferenced, on="customer_key", how="left")
        .with_columns(
            refund_amount=pl.col("refund_amount") + pl.col("back").fill_null(0)
        )
    )
    net = pl.col("gross_amount") - pl.col("discount_amount") - pl.col("refund_amount")
    first_day = pl.col("first_purchase_date")
    return customers.with_columns(
        as_of_date=pl.lit(as_of, pl.Date),
        cohort_month=first_day.dt.truncate("1mo"),
        net_amount=net,
        average_order_value=round_div(net, pl.col("order_count")),
        tenure_days=days(pl.lit(as_of, pl.Date), first_day),
        recency_days=days(pl.lit(as_of, pl.Date), pl.col("last_purchase_date")),
        is_left_censored=first_day < pl.lit(censored_until, pl.Date),
    )


def product_facts(decided: dict) -> pl.DataFrame:
    """Products listed, and those only seen on accepted lines."""
    key = [*SHOP, "product_id"]
    listed = accepted(decided["products"]).select(
        *key, listed_name="product_name", category="category"
    )
    seen = (
        accepted(decided["order_items"])
        .group_by(key)
        .agg(seen_name=pl.col("product_name").max())
    )
    products = listed.join(seen, on=key, how="full", coalesce=True)
    return hash_keys(
        products.with_columns(name=pl.coalesce("listed_name", "seen_name")),
        "product_key",
        *key,
    )


def dates(first, as_of, holidays: pl.DataFrame) -> pl.DataFrame:
    """Every day from the observation start to the as-of date."""
    empty = first is None or as_of is None or first > as_of
    each = [] if empty else [first + i * DAY for i in range((as_of - first).days + 1)]
    day = pl.col("date_day")
    frame = pl.DataFrame({"date_day": pl.Series(each, dtype=pl.Date)})
    named = (
        frame.join_where(
            holidays, day >= pl.col("start_date"), day <= pl.col("end_date")
        )
        .group_by("date_day")
        .agg(pl.col("holiday_name").min())
    )
    return frame.with_columns(
        week_start=day.dt.truncate("1w"),
        month_start=day.dt.truncate("1mo"),
        quarter_start=day.dt.truncate("1q"),
    ).join(named, on="date_day", how="left")
