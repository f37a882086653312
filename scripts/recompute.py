"""The marts computed a second time, in Polars, straight from what the raw files say.

Used by `verify.py` alone. It knows docs/decisions, the rule seeds and the vars, and
nothing of the SQL models. Money is held in whole cents, quantities in thousandths,
unit prices in ten-thousandths, so that every sum is exact.
"""

import datetime
import hashlib
import math

import polars as pl

SHOP = ["connector", "shop_id"]
ORDER = [*SHOP, "order_id"]
PERIODS = ["week", "month", "quarter"]
RATE_UNIT = 10**10
MONDAY = datetime.date(1970, 1, 5)
DAY = datetime.timedelta(days=1)
Z = 1.959963984540054  # of a two-sided 95 % interval

GRAINS = {
    "fct_orders": ["order_key"],
    "fct_order_items": ["order_key", "line_number"],
    "fct_refunds": ["refund_key"],
    "fct_customers": ["customer_key"],
    "dim_products": ["product_key"],
    "dim_dates": ["date_day"],
    "rfm_scores": ["customer_key"],
    "rfm_segments": ["rfm_segment"],
    "rfm_thresholds": ["dimension", "score"],
    "cohort_retention": ["period_type", "cohort_start", "period_number"],
    "cohort_retention_averages": [
        "period_type",
        "period_number",
        "is_left_censored_excluded",
    ],
    "repurchase_rates": ["cohort_start", "window_days"],
    "repurchase_rates_by_period": ["period_type", "period_start"],
    "rejected_rows": ["connector", "entity", "reason_code", "reason"],
    "source_reconciliation": ["connector", "entity"],
}


# ---- small parts ----


def round_div(number: pl.Expr, divisor: pl.Expr | int) -> pl.Expr:
    """number / divisor (positive), rounded half away from zero to a whole number."""
    number = number.cast(pl.Int128)
    doubled = number.abs() * 2 + divisor
    return (doubled // (pl.lit(2, pl.Int128) * divisor) * number.sign()).cast(
        pl.Int64, strict=False
    )


def convert(cents: str, rate: str = "rate") -> pl.Expr:
    """An amount times its exchange rate, to whole cents."""
    return round_div(pl.col(cents).cast(pl.Int128) * pl.col(rate), RATE_UNIT)


def share_out(lines: pl.DataFrame, name: str, total: str, weight: str):
    """`lines` (sorted) with `name`: each order's `total` shared out by `weight`."""
    order = "order_key"
    by_weight = pl.col(weight).sum().over(order) > 0
    each = pl.when(by_weight).then(pl.col(weight)).otherwise(1).cast(pl.Int128)
    lines = lines.with_columns(each=each)
    lines = lines.with_columns(
        running=pl.col("each").cum_sum().over(order),
        whole=pl.col("each").sum().over(order),
    )
    reached = round_div(pl.col(total) * pl.col("running"), pl.col("whole"))
    lines = lines.with_columns(reached=reached)
    before = pl.col("reached").shift(1).over(order).fill_null(0)
    return lines.with_columns((pl.col("reached") - before).alias(name)).drop(
        "each", "running", "whole", "reached"
    )


def decimal(column: str, scale: int = 2) -> pl.Expr:
    """A whole number of smallest units as the decimal it stands for."""
    return pl.col(column).cast(pl.Decimal(38, scale)) / 10**scale


def hash_keys(frame: pl.DataFrame, name: str, *columns: str) -> pl.DataFrame:
    """`frame` with the integer key of the text `a|b|c`, NULL where a part is."""
    text = pl.concat_str(*columns, separator="|")
    texts = frame.select(text.alias("text")).to_series()
    known = texts.drop_nulls().unique()
    keys = [int(hashlib.md5(t.encode()).hexdigest()[:15], 16) for t in known]
    lookup = pl.DataFrame({"text": known, name: pl.Series(keys, dtype=pl.Int64)})
    return (
        frame.with_columns(texts.alias("text"))
        .join(lookup, on="text", how="left", maintain_order="left")
        .drop("text")
    )


def first_reason(*checks: tuple[str, pl.Expr]) -> pl.Expr:
    """The code of the first check that holds, NULL when none does."""
    unreadable = pl.lit("unreadable_") + pl.col("unreadable_column")
    return pl.coalesce(
        unreadable if code == "unreadable" else pl.when(holds).then(pl.lit(code))
        for code, holds in checks
    )


def missing(*columns: str) -> list[tuple[str, pl.Expr]]:
    return [(f"missing_{name}", pl.col(name).is_null()) for name in columns]


def negative(*columns: str) -> list[tuple[str, pl.Expr]]:
    return [(f"negative_{name}", pl.col(name) < 0) for name in columns]


UNREADABLE = ("unreadable", pl.lit(True))
TOO_LARGE = ("amount_out_of_range", pl.col("line_gross").is_null())


def out_of_time(day: str, v: dict, as_of) -> list[tuple[str, pl.Expr]]:
    """Checks of a date: implausible, then after the as-of date (when there is one)."""
    early, late = (
        datetime.date.fromisoformat(str(v[name]))
        for name in ("earliest_order_date", "latest_order_date")
    )
    after = pl.lit(False) if as_of is None else pl.col(day) > as_of
    return [
        ("date_out_of_range", (pl.col(day) < early) | (pl.col(day) > late)),
        ("after_as_of_date", after),
    ]


def rate(successes: str, total: str, name: str, interval: str, given=None) -> list:
    """A rate and its Wilson interval, NULL where nobody counts or `given` is false."""
    counts = pl.col(total) > 0
    counts = counts if given is None else counts & given
    n = pl.when(counts).then(pl.col(total).cast(pl.Float64))
    p = pl.col(successes) / n
    middle = p + Z**2 / (2 * n)
    half = Z * (p * (1 - p) / n + Z**2 / (4 * n**2)).sqrt()
    whole = 1 + Z**2 / n
    return [
        p.alias(name),
        ((middle - half) / whole).alias(f"{interval}_low"),
        ((middle + half) / whole).alias(f"{interval}_high"),
    ]


def period(day: pl.Expr, kind: str) -> pl.Expr:
    """Number of the calendar period that holds `day`; the next period is one more."""
    if kind == "week":
        return (day - pl.lit(MONDAY)).dt.total_days() // 7
    if kind == "month":
        return day.dt.year().cast(pl.Int64) * 12 + day.dt.month() - 1
    return day.dt.year().cast(pl.Int64) * 4 + day.dt.quarter() - 1


def period_start(number: pl.Expr, kind: str) -> pl.Expr:
    """First day of a period by its number."""
    if kind == "week":
        return pl.lit(MONDAY) + pl.duration(days=number * 7)
    if kind == "month":
        return pl.date(number // 12, number % 12 + 1, 1)
    return pl.date(number // 4, number % 4 * 3 + 1, 1)


def days(later: pl.Expr, earlier: pl.Expr) -> pl.Expr:
    return (later - earlier).dt.total_days()


# ---- which rows count ----


def with_rate(frame: pl.DataFrame, day: str, rates: pl.DataFrame, v: dict):
    """`frame` with `rate`: the latest not after `day`, in units of 10^-10."""
    wanted = (
        frame.select("currency", pl.col(day).alias("rate_date"))
        .drop_nulls()
        .unique()
        .sort("rate_date")
    )
    known = (
        wanted.join_asof(
            rates.sort("rate_date"),
            on="rate_date",
            by="currency",
            check_sortedness=False,
        )
        .with_columns(
            rate=pl.when(pl.col("currency") == v["reporting_currency"])
            .then(RATE_UNIT)
            .otherwise("rate")
        )
        .rename({"rate_date": day})
    )
    return frame.join(known, on=["currency", day], how="left", maintain_order="left")


def line_reasons(v: dict, as_of) -> pl.Expr:
    sale = ~pl.col("is_refund_document")
    return first_reason(
        *missing("order_id"),
        UNREADABLE,
        *missing("ordered_at", "quantity", "unit_price", "product_id"),
        TOO_LARGE,
        *out_of_time("order_date", v, as_of),
        ("unknown_status", pl.col("is_valid").is_null()),
        *(
            (code, sale & holds)
            for code, holds in negative("quantity", "unit_price", "discount_amount")
        ),
    )


def order_reasons(v: dict, as_of) -> pl.Expr:
    return first_reason(
        *missing("order_id"),
        UNREADABLE,
        *missing("ordered_at", "gross_amount", "currency"),
        *out_of_time("order_date", v, as_of),
        ("unknown_status", pl.col("is_valid").is_null()),
        *negative("gross_amount", "discount_amount"),
        ("missing_exchange_rate", pl.col("rate").is_null()),
    )


def item_reasons() -> pl.Expr:
    return first_reason(
        *missing("order_id"),
        UNREADABLE,
        *missing("product_id", "quantity", "unit_price"),
        TOO_LARGE,
        *negative("quantity", "unit_price", "discount_amount"),
        ("order_not_found", pl.col("order_key").is_null()),
    )


def refund_reasons(v: dict, as_of) -> pl.Expr:
    has_order = pl.col("order_id").is_not_null()
    return first_reason(
        *missing("refund_id"),
        UNREADABLE,
        *missing("refund_amount"),
        ("missing_currency", ~has_order & pl.col("currency").is_null()),
        *out_of_time("refund_date", v, as_of),
        *negative("refund_amount"),
        ("order_not_found", has_order & pl.col("order_key").is_null()),
        ("refund_currency_differs", pl.col("currency") != pl.col("order_currency")),
        ("undated_refund", ~has_order & pl.col("refund_date").is_null()),
        ("missing_exchange_rate", pl.col("rate").is_null()),
    )


def keep_newest(rows: pl.DataFrame, key: list[str], ties: list[str]) -> pl.DataFrame:
    """`rows` with `fate`: of a key's rows that passed, the newest is accepted."""
    rows = rows.sort(["updated_at", *ties], descending=True, nulls_last=True)
    passed = pl.col("reason_code").is_null()
    newest = pl.struct(*key, passed.alias("passed")).is_first_distinct()
    return rows.with_columns(
        fate=pl.when(~passed)
        .then(pl.lit("rejected"))
        .when(newest)
        .then(pl.lit("accepted"))
        .otherwise(pl.lit("superseded"))
    )


def keep_newest_file(lines: pl.DataFrame) -> pl.DataFrame:
    """`lines` with `fate`: all lines of an order come from its newest file."""
    passed = lines.filter(pl.col("reason_code").is_null())
    winners = (
        passed.group_by(*ORDER, "source_file")
        .agg(pl.col("updated_at").max())
        .sort("updated_at", "source_file", descending=[True, False], nulls_last=True)
        .unique(ORDER, keep="first", maintain_order=True)
        .select(*ORDER, winner="source_file")
    )
    lines = lines.join(winners, on=ORDER, how="left", maintain_order="left")
    won = pl.col("source_file").eq_missing(pl.col("winner"))
    return lines.with_columns(
        fate=pl.when(pl.col("reason_code").is_not_null())
        .then(pl.lit("rejected"))
        .when(won)
        .then(pl.lit("accepted"))
        .otherwise(pl.lit("superseded"))
    )


def accepted(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(pl.col("fate") == "accepted")


def with_status(frame: pl.DataFrame, rules: dict) -> pl.DataFrame:
    return frame.join(
        rules["order_status_rules"],
        on=["connector", "status"],
        how="left",
        maintain_order="left",
    )


def prepare_lines(lines: pl.DataFrame, rules: dict) -> pl.DataFrame:
    """Flat lines with their gross, and date and status filled from their order."""
    same = [*ORDER, "source_file"]
    filled = lines.with_columns(
        pl.coalesce(name, pl.col(name).max().over(same))
        for name in ("ordered_at", "order_date", "status")
    )
    return with_status(filled, rules).with_columns(line_gross())


def line_gross() -> pl.Expr:
    """Quantity times unit price in cents, NULL from a trillion (of units) on."""
    product = pl.col("quantity").cast(pl.Int128) * pl.col("unit_price")
    cents = round_div(product, 10**5)
    return pl.when(cents.abs() < 10**14).then(cents).alias("line_gross")


def number_lines(lines: pl.DataFrame, key: list[str], name: str) -> pl.DataFrame:
    """`lines` sorted within `key` as items are, with their position 1..n in `name`."""
    order = [
        pl.col("line_number").cast(pl.Float64, strict=False).alias("as_number"),
        *("line_number", "product_id", "quantity", "unit_price", "discount_amount"),
    ]
    return lines.sort(*key, *order, nulls_last=True).with_columns(
        pl.int_range(1, pl.len() + 1).over(key).alias(name)
    )


def orders_of_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """Orders made from the accepted lines that are no refund documents."""
    lines = lines.filter(~pl.col("is_refund_document"))
    any_valid = pl.col("is_valid").any().over(ORDER)
    lines = lines.filter(pl.col("is_valid") | ~any_valid)
    greatest = [
        *("customer_id", "email_hash", "phone_hash", "ordered_at", "order_date"),
        *("time_zone", "status", "currency", "channel", "coupon_code", "country"),
        *("tax_amount", "shipping_amount", "updated_at"),
    ]
    on_lines = pl.col("discount_amount")
    return lines.group_by(ORDER).agg(
        pl.col(greatest).max(),
        gross_amount=pl.col("line_gross").sum(),
        discount_amount=pl.coalesce(
            pl.col("order_discount_amount").max(),
            pl.when(on_lines.count() > 0).then(on_lines.sum()),
        ),
        refund_amount=pl.col("order_refund_amount").max(),
    )


def refunds_of_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """Refunds without an order made from the accepted lines of refund documents."""
    documents = lines.filter(pl.col("is_refund_document"))
    return number_lines(documents, ORDER, "n").select(
        *SHOP,
        pl.format("{}-{}", "order_id", "n").alias("refund_id"),
        "customer_id",
        "currency",
        "updated_at",
        refunded_at="ordered_at",
        refund_date="order_date",
        refund_amount=-pl.col("line_gross"),
    )


def refunds_of_orders(orders: pl.DataFrame, entities: dict) -> pl.DataFrame:
    """Refunds made from totals on orders, for connectors without refund rows."""
    without = [name for name, has in entities.items() if "refunds" not in has]
    stated = pl.col("connector").is_in(without) & (pl.col("refund_amount") != 0)
    return orders.filter(stated).select(
        *ORDER, "currency", "refund_amount", refund_id="order_id"
    )


# ---- who bought ----


def identify(rows: pl.DataFrame, v: dict) -> pl.DataFrame:
    """Identifier (connector, shop_id, kind, value) to `person_key`, `person_id`.

    `rows` holds the identifiers that stand together on a row. Returns one row per
    identifier text, with the person's key and smallest shop customer id.
    """
    rows = rows.unique()
    texts = rows.select(identifier_texts(v))
    limit = v["identity_max_customer_ids"]
    for kind in ("email", "phone"):
        ids = pl.col("customer").n_unique() - pl.col("customer").has_nulls()
        crowded = (
            texts.group_by(kind).agg(ids.alias("ids")).filter(pl.col("ids") > limit)
        )
        texts = texts.with_columns(
            pl.when(~pl.col(kind).is_in(crowded[kind].implode())).then(kind).alias(kind)
        )
    parent: dict[str, str] = {}

    def root(text: str) -> str:
        parent.setdefault(text, text)
        while parent[text] != text:
            parent[text] = text = parent[parent[text]]
        return text

    for row in texts.unique().iter_rows():
        known = [root(text) for text in row if text is not None]
        for other in known[1:]:
            parent[root(other)] = root(known[0])
    people = pl.DataFrame(
        {"identifier": list(parent), "person": [root(text) for text in parent]},
        schema={"identifier": pl.String, "person": pl.String},
    )
    own_ids = (
        rows.select(identifier_texts(v)[0].alias("identifier"), own_id="customer_id")
        .drop_nulls()
        .unique()
    )
    people = hash_keys(people, "key", "identifier").join(
        own_ids, on="identifier", how="left"
    )
    return people.select(
        "identifier",
        person_key=pl.col("key").min().over("person"),
        person_id=pl.col("own_id").min().over("person"),
    )


def identifier_texts(v: dict) -> list[pl.Expr]:
    """The texts of a row's customer id, e-mail and phone, NULL where it has none."""
    shop = pl.concat_str(*SHOP, separator="|")
    anywhere = pl.lit("*|*") if v["link_customers_across_shops"] else shop
    return [
        (shop + "|customer_id|" + pl.col("customer_id")).alias("customer"),
        (anywhere + "|email|" + pl.col("email_hash")).alias("email"),
        (anywhere + "|phone|" + pl.col("phone_hash")).alias("phone"),
    ]


def with_person(frame: pl.DataFrame, people: pl.DataFrame, v: dict) -> pl.DataFrame:
    """`frame` with `person_key` and `person_id` by the first identifier that counts."""
    keys, ids = [], []
    frame = frame.with_columns(identifier_texts(v))
    for kind in ("customer", "email", "phone"):
        found = people.rename(
            {
                "identifier": kind,
                "person_key": f"{kind}_key",
                "person_id": f"{kind}_own",
            }
        )
        frame = frame.join(found, on=kind, how="left", maintain_order="left")
        keys.append(f"{kind}_key")
        ids.append(f"{kind}_own")
    return frame.with_columns(
        person_key=pl.coalesce(keys), person_id=pl.coalesce(ids)
    ).drop("customer", "email", "phone", *keys, *ids)


# ---- facts ----


def check_orders(rows: dict, v: dict, rules: dict, as_of) -> tuple:
    """Flat lines, and the orders given and made from lines, with their fates."""
    lines = prepare_lines(rows["order_lines"], rules)
    lines = keep_newest_file(lines.with_columns(reason_code=line_reasons(v, as_of)))
    orders = pl.concat(
        [rows["orders"], orders_of_lines(accepted(lines))], how="diagonal_relaxed"
    )
    orders = with_status(orders, rules)
    orders = with_rate(orders, "order_date", rules["exchange_rates"], v)
    ties = [name for name in rows["orders"].columns if name not in ORDER]
    orders = orders.with_columns(reason_code=order_reasons(v, as_of))
    return lines, keep_newest(orders, ORDER, ties)


def decide_rows(rows: dict, entities: dict, v: dict, rules: dict) -> dict:
    """Every row's fate, and orders, items and refunds as they count.

    `rows` holds the contract's frame of each entity, `entities` each connector's list.
    Returns frames by entity with `reason_code`, `fate` and `amount`, plus `as_of`.
    """
    rates = rules["exchange_rates"]
    as_of = v["as_of_date"]
    lines, orders = check_orders(rows, v, rules, as_of)
    if as_of is None:
        as_of = accepted(orders)["order_date"].max()
    products, customers = (
        decide_plain(rows, name) for name in ("products", "customers")
    )

    held = [*SHOP, "customer_id", "email_hash", "phone_hash"]
    tied = pl.concat([accepted(rows).select(held) for rows in (orders, customers)])
    people = identify(tied, v)
    taken = hash_keys(with_person(accepted(orders), people, v), "order_key", *ORDER)
    found = taken.select(
        *ORDER,
        "order_key",
        order_day="order_date",
        order_currency="currency",
        order_rate="rate",
        order_person="person_key",
    )
    refunds = pl.concat(
        [
            rows["refunds"],
            refunds_of_lines(accepted(lines)),
            refunds_of_orders(taken, entities),
        ],
        how="diagonal_relaxed",
    )
    refunds = with_rate(refunds, "refund_date", rates, v)
    refunds = refunds.join(found, on=ORDER, how="left").with_columns(
        currency=pl.coalesce("currency", "order_currency"),
        rate=pl.coalesce("order_rate", "rate"),
    )
    refunds = keep_newest(
        refunds.with_columns(reason_code=refund_reasons(v, as_of)),
        [*SHOP, "refund_id"],
        [name for name in rows["refunds"].columns if name in refunds.columns],
    )

    items = pl.concat(
        [
            rows["order_items"],
            accepted(lines)
            .filter("is_valid")
            .select(
                name for name in rows["order_items"].columns if name in lines.columns
            ),
        ],
        how="diagonal_relaxed",
    )
    items = items.with_columns(line_gross()).join(found, on=ORDER, how="left")
    items = keep_newest_file(items.with_columns(reason_code=item_reasons()))

    nothing = pl.lit(0, pl.Int64)
    decided = {
        "orders": orders.with_columns(amount="gross_amount"),
        "order_lines": lines.with_columns(amount="line_gross"),
        "order_items": items.with_columns(amount="line_gross"),
        "refunds": refunds.with_columns(amount="refund_amount"),
        "products": products.with_columns(amount=nothing),
        "customers": customers.with_columns(amount=nothing),
    }
    return decided | {"as_of": as_of, "people": people, "taken": taken}


def decide_plain(rows: dict, entity: str) -> pl.DataFrame:
    """Products or customers: only the id and readability count."""
    frame, name = rows[entity], f"{entity[:-1]}_id"
    reasons = first_reason(*missing(name), UNREADABLE)
    ties = [column for column in frame.columns if column not in (*SHOP, name)]
    return keep_newest(frame.with_columns(reason_code=reasons), [*SHOP, name], ties)


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


def sequence_orders(purchases: pl.DataFrame) -> pl.DataFrame:
    """Purchases with their place among the customer's own; NULL for guests."""
    customer = pl.col("person_key").is_not_null()
    purchases = purchases.sort("person_key", "order_date", "ordered_at", "order_key")
    day = pl.col("order_date")
    numbered = purchases.with_columns(
        customer_key="person_key",
        is_guest=~customer,
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
    items = items.drop("rate", strict=False).join(money, on="order_key")
    items = number_lines(items, ["order_key"], "position")
    order = "order_key"
    own = pl.col("discount_amount")
    has_discounts = own.is_not_null().any().over(order)
    items = items.with_columns(
        gross_total=pl.col("line_gross").sum().over(order),
        discount_total=own.sum().over(order),
        weight=pl.when(has_discounts).then(own.fill_null(0)).otherwise("line_gross"),
        has_discounts=has_discounts,
    ).with_columns(
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


# ---- RFM ----


def cut_points(values: list[int]) -> list[int]:
    """20, 40, 60, 80 %: the smallest value with that share at or below it."""
    ordered = sorted(values)
    return [ordered[math.ceil(k * len(ordered) / 5) - 1] for k in range(1, 5)]


def score(value: str, cuts: list[int]) -> pl.Expr:
    """1 + the number of cut points below the value."""
    return pl.sum_horizontal(
        pl.lit(1, pl.Int64), *((pl.col(value) > cut).cast(pl.Int64) for cut in cuts)
    )


def rfm(facts, booked, as_of, v: dict, rules: dict) -> dict[str, pl.DataFrame]:
    """Scores, segments and thresholds of the snapshot at `as_of`."""
    lookback = v["rfm_lookback_days"]

    def recent(frame: pl.DataFrame, day: str) -> pl.DataFrame:
        if lookback is None or as_of is None:
            return frame
        return frame.filter(pl.col(day) > as_of - datetime.timedelta(days=lookback))

    day = pl.col("order_date")
    people = (
        recent(facts.filter(~pl.col("is_guest")), "order_date")
        .group_by("customer_key")
        .agg(
            recency_days=days(pl.lit(as_of, pl.Date), day.max()),
            frequency=day.n_unique(),
            orders=pl.len(),
            bought=pl.col("net_amount").sum(),
        )
        .join(
            recent(booked, "booked_date")
            .group_by("customer_key")
            .agg(back=pl.col("refund_amount").sum()),
            on="customer_key",
            how="left",
        )
        .with_columns(monetary=pl.col("bought") - pl.col("back").fill_null(0))
    )
    cuts = {"frequency": [], "recency": [], "monetary": []}
    if len(people):
        cuts["frequency"] = v["rfm_frequency_thresholds"]
        cuts["recency"] = cut_points(people["recency_days"].to_list())
        cuts["monetary"] = cut_points(people["monetary"].to_list())
    high = v["rfm_high_score"]
    scores = people.with_columns(
        r_score=6 - score("recency_days", cuts["recency"]),
        f_score=score("frequency", cuts["frequency"]),
        m_score=score("monetary", cuts["monetary"]),
        as_of_date=pl.lit(as_of, pl.Date),
    )
    names = rules["rfm_segment_names"]
    scores = (
        scores.with_columns(
            rfm_cell=pl.format("{}{}{}", "r_score", "f_score", "m_score"),
            is_recent=pl.col("r_score") >= high,
            is_frequent=pl.col("f_score") >= high,
            is_high_value=pl.col("m_score") >= high,
        )
        .join(rules["rfm_segment_rules"], on=["r_score", "f_score"], how="left")
        .join(names, on="rfm_segment", how="left")
        .join(
            rules["rfm_value_types"],
            on=["is_recent", "is_frequent", "is_high_value"],
            how="left",
        )
    )
    return {
        "rfm_scores": scores,
        "rfm_segments": segments(scores, names, as_of),
        "rfm_thresholds": thresholds(scores, cuts, as_of),
    }


def segments(scores: pl.DataFrame, names: pl.DataFrame, as_of) -> pl.DataFrame:
    """One row per segment of the rule seed, 0 customers included."""
    net = pl.col("net_amount")
    total = net.sum()
    return (
        names.join(
            scores.group_by("rfm_segment").agg(
                customers=pl.len(),
                orders=pl.col("orders").sum(),
                net_amount=pl.col("monetary").sum(),
                average_recency_days=pl.col("recency_days").mean(),
                average_frequency=pl.col("frequency").mean(),
            ),
            on="rfm_segment",
            how="left",
        )
        .with_columns(pl.col("customers", "orders", "net_amount").fill_null(0))
        .with_columns(
            as_of_date=pl.lit(as_of, pl.Date),
            customer_share=quotient(pl.col("customers"), pl.col("customers").sum()),
            revenue_share=pl.when(total != 0).then(net / total),
            average_order_value=pl.when(pl.col("orders") > 0).then(
                round_div(net, pl.max_horizontal("orders", 1))
            ),
        )
    )


def quotient(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return pl.when(whole > 0).then(part / whole)


def thresholds(scores: pl.DataFrame, cuts: dict, as_of) -> pl.DataFrame:
    """What each score means and how many have it; bounds in hundredths."""
    rows = []
    for dimension, points in cuts.items():
        if not points:
            continue
        unit = 1 if dimension == "monetary" else 100
        bounds = [None, *(point * unit for point in points), None]
        column = f"{dimension[0]}_score"
        for i in range(5):
            value = 5 - i if dimension == "recency" else i + 1
            customers = scores.filter(pl.col(column) == value).height
            rows.append((dimension, value, bounds[i], bounds[i + 1], customers))
    names = ["dimension", "score", "lower_bound", "upper_bound", "customers"]
    types = [pl.String, pl.Int64, pl.Int64, pl.Int64, pl.Int64]
    frame = pl.DataFrame(
        rows, schema=dict(zip(names, types, strict=True)), orient="row"
    )
    return frame.with_columns(as_of_date=pl.lit(as_of, pl.Date))


# ---- cohorts and rates ----


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


# ---- what became of the rows ----


def account_rows(decided: dict, orders: pl.DataFrame, entities: dict, rules: dict):
    """Rejected rows by reason, and the reconciliation per connector and entity."""
    names = ["orders", "order_lines", "order_items", "refunds", "products", "customers"]
    bought = orders.filter("is_purchase").select(*ORDER, bought=pl.lit(True))
    ledger = pl.concat(
        decided[name]
        .with_columns(pl.lit(name).alias("entity"))
        .select(
            "connector",
            "entity",
            "fate",
            "reason_code",
            pl.col("amount").fill_null(0),
            pl.col("order_id").cast(pl.String)
            if name == "orders"
            else pl.lit(None, pl.String).alias("order_id"),
            pl.col("shop_id"),
        )
        for name in names
    ).join(bought, on=ORDER, how="left")
    reasons = rules["reason_codes"].select("reason_code", "reason")
    rejected = (
        ledger.filter(pl.col("fate") == "rejected")
        .group_by("connector", "entity", "reason_code")
        .agg(rows=pl.len())
        .join(reasons, on="reason_code", how="left")
    )

    amount = pl.col("amount")
    fates = {
        fate: pl.col("fate") == fate for fate in ("accepted", "superseded", "rejected")
    }
    excluded = (
        (pl.col("entity") == "orders") & fates["accepted"] & pl.col("bought").is_null()
    )
    counted = ledger.group_by("connector", "entity").agg(
        pl.len().alias("raw_rows"),
        amount.sum().alias("raw_amount"),
        *(holds.sum().alias(f"{fate}_rows") for fate, holds in fates.items()),
        *(
            amount.filter(holds).sum().alias(f"{fate}_amount")
            for fate, holds in fates.items()
        ),
        excluded.sum().alias("excluded_rows"),
        amount.filter(excluded).sum().alias("excluded_amount"),
    )
    expected = [
        (connector, entity)
        for connector, has in entities.items()
        for entity in names
        if entity in has
        or entity == "refunds"
        or ("order_lines" in has and entity in ("orders", "order_items"))
    ]
    spine = pl.DataFrame(
        expected, schema={"connector": pl.String, "entity": pl.String}, orient="row"
    )
    keys = ["connector", "entity"]
    reconciliation = spine.join(
        counted, on=keys, how="full", coalesce=True
    ).with_columns(
        pl.exclude(keys).fill_null(0).cast(pl.Int64),
        difference_rows=pl.lit(0, pl.Int64),
        difference_amount=pl.lit(0, pl.Int64),
        as_of_date=pl.lit(decided["as_of"], pl.Date),
    )
    return rejected, reconciliation


# ---- all together ----


def recompute(
    rows: dict, entities: dict, v: dict, rules: dict, sample: int = 1
) -> dict:
    """Every mart, by name, from the contract's rows.

    `rows`: entity to its frame as the raw files say; `entities`: connector to the list
    it has; `v`: the vars; `rules`: the rule seeds. With `sample` k above 1 only
    customers whose key is divisible by k are followed, and marts that need every
    customer are left out.
    """
    decided = decide_rows(rows, entities, v, rules)
    as_of = decided["as_of"]
    orders = price_orders(decided, entities)
    rejected, reconciliation = account_rows(decided, orders, entities, rules)
    products = product_facts(decided)

    purchases = orders.filter("is_purchase")
    observed = v["observation_start"] or purchases["order_date"].min()
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
    booked = refunds.filter(pl.col("refund_of") == "customer")
    customers = customer_facts(facts, items, products, booked, as_of, v, observed)
    marts = {
        "fct_orders": facts,
        "fct_order_items": items.with_columns(line_number="position"),
        "fct_refunds": refunds.filter(pl.col("customer_key") % sample == 0)
        if sample > 1
        else refunds,
        "fct_customers": customers,
        "dim_products": products,
        "dim_dates": dates(observed, as_of, rules["holidays"]),
        "rejected_rows": rejected,
        "source_reconciliation": reconciliation,
    }
    if sample == 1:
        cells = cohort_cells(customers, facts, booked, as_of)
        cohorts = retention(cells, as_of)
        marts |= rfm(facts, booked, as_of, v, rules) | {
            "cohort_retention": cohorts,
            "cohort_retention_averages": retention_averages(cells, cohorts, as_of),
            "repurchase_rates": window_rates(customers, as_of, v["repurchase_windows"]),
            "repurchase_rates_by_period": period_rates(facts, as_of),
        }
    return {
        name: marts[name].select(published(columns))
        for name, columns in COLUMNS.items()
        if name in marts
    }


def columns(text: str) -> list[str]:
    return text.split()


COLUMNS = {
    "fct_orders": columns("""
        order_key connector shop_id order_id customer_key customer_id is_guest
        order_date ordered_at order_number purchase_number is_first_order
        is_repeat_order days_since_previous_purchase days_since_first_purchase channel
        coupon_code is_discounted country currency gross_amount discount_amount
        refund_amount net_amount tax_amount shipping_amount status warning_code
    """),
    "fct_order_items": columns("""
        order_key line_number product_key product_id quantity unit_price gross_amount
        discount_amount refund_amount net_amount
    """),
    "fct_refunds": columns("""
        refund_key connector shop_id refund_id order_key customer_key refund_date
        booked_date currency refund_amount refund_of
    """),
    "fct_customers": columns("""
        customer_key customer_id as_of_date first_purchase_date last_purchase_date
        second_purchase_date cohort_month order_count purchase_count gross_amount
        discount_amount refund_amount net_amount average_order_value tenure_days
        recency_days first_channel first_product_id first_category
        first_order_was_discounted is_left_censored
    """),
    "dim_products": columns("product_key connector shop_id product_id name category"),
    "dim_dates": columns("date_day week_start month_start quarter_start holiday_name"),
    "rfm_scores": columns("""
        customer_key as_of_date recency_days frequency monetary r_score f_score m_score
        rfm_cell rfm_segment rfm_segment_zh segment_rank rfm_value_type
        recommended_action
    """),
    "rfm_segments": columns("""
        rfm_segment rfm_segment_zh segment_rank as_of_date customers customer_share
        orders net_amount revenue_share average_recency_days average_frequency
        average_order_value
    """),
    "rfm_thresholds": columns(
        "as_of_date dimension score lower_bound upper_bound customers"
    ),
    "cohort_retention": columns("""
        period_type cohort_start period_number as_of_date cohort_size eligible_customers
        active_customers eligible_active_customers orders net_amount retention_rate
        retention_ci_low retention_ci_high repurchasers_to_date eligible_repurchasers
        cumulative_repurchase_rate cumulative_repurchase_ci_low
        cumulative_repurchase_ci_high cumulative_net_amount cumulative_ltv is_mature
    """),
    "cohort_retention_averages": columns("""
        period_type period_number is_left_censored_excluded as_of_date cohorts
        eligible_customers eligible_active_customers retention_rate retention_ci_low
        retention_ci_high eligible_repurchasers cumulative_repurchase_rate
        cumulative_repurchase_ci_low cumulative_repurchase_ci_high
    """),
    "repurchase_rates": columns("""
        cohort_start window_days as_of_date customers eligible_customers repurchasers
        repurchase_rate ci_low ci_high uncensored_eligible_customers
        uncensored_repurchasers uncensored_repurchase_rate is_mature
    """),
    "repurchase_rates_by_period": columns("""
        period_type period_start as_of_date buyers repeat_customers repeat_customer_rate
        repeat_customer_ci_low repeat_customer_ci_high next_period_buyers
        next_period_repurchase_rate next_period_repurchase_ci_low
        next_period_repurchase_ci_high orders repeat_orders repeat_order_share
        repeat_order_ci_low repeat_order_ci_high returning_customers
        returning_customer_share returning_customer_ci_low returning_customer_ci_high
        is_mature is_next_period_mature
    """),
    "rejected_rows": columns("connector entity reason_code reason rows"),
    "source_reconciliation": columns("""
        connector entity as_of_date raw_rows accepted_rows superseded_rows rejected_rows
        difference_rows raw_amount accepted_amount superseded_amount rejected_amount
        difference_amount excluded_rows excluded_amount
    """),
}
MONEY = ("_amount", "monetary", "average_order_value", "_ltv", "_bound")
SCALES = {"quantity": 3, "unit_price": 4}


def published(names: list[str]) -> list[pl.Expr]:
    """The columns of a mart, whole numbers of cents become decimals."""
    return [
        decimal(name, SCALES.get(name, 2))
        if name in SCALES or name.endswith(MONEY)
        else pl.col(name)
        for name in names
    ]
