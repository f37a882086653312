"""Which raw rows count, and who bought (decisions 1 to 3 and 7)."""

import datetime

import polars as pl
from recomputed.parts import ORDER, RATE_UNIT, SHOP, hash_keys, round_div


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


# of no use once the fate of the rows is known
SETTLED = ["updated_at", "arrival_date", "source_file", "unreadable_column"]
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


def not_arrived(v: dict, *days: pl.Expr) -> list[tuple[str, pl.Expr]]:
    """The check of a row's arrival on the first of `days` that it has."""
    if v["as_of_by"] != "arrival" or v["as_of_date"] is None:
        return []
    return [("not_arrived", pl.coalesce(days) > v["as_of_date"])]


CHANGED = pl.col("arrival_date")  # local day of updated_at


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
    newest = (
        pl.col(day).max().over(*ORDER, "source_file")
        for day in ("arrival_date", "order_date")
    )
    return first_reason(
        *not_arrived(v, *newest),
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
        *not_arrived(v, CHANGED, pl.col("order_date")),
        *missing("order_id"),
        UNREADABLE,
        *missing("ordered_at", "gross_amount", "currency"),
        *out_of_time("order_date", v, as_of),
        ("unknown_status", pl.col("is_valid").is_null()),
        *negative("gross_amount", "discount_amount"),
        ("missing_exchange_rate", pl.col("rate").is_null()),
    )


def item_reasons(v: dict) -> pl.Expr:
    return first_reason(
        *not_arrived(v, CHANGED),
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
        *not_arrived(v, CHANGED, pl.col("refund_date")),
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
    passed = pl.col("reason_code").is_null()
    is_alone = ~pl.struct(*key, passed=passed).is_duplicated()
    rows = rows.with_columns(is_newest=passed & is_alone)
    is_one_of_many = passed & ~pl.col("is_newest")
    many = rows.filter(is_one_of_many).sort(
        ["updated_at", *ties], descending=True, nulls_last=True
    )
    many = many.with_columns(is_newest=pl.struct(key).is_first_distinct())
    rows = pl.concat([rows.filter(~is_one_of_many), many])
    return rows.with_columns(
        fate=pl.when("is_newest")
        .then(pl.lit("accepted"))
        .when(passed)
        .then(pl.lit("superseded"))
        .otherwise(pl.lit("rejected"))
    ).drop("is_newest")


def keep_newest_file(lines: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """`lines` with `fate`: all lines of an order (`key`) come from its newest file."""
    passed = lines.filter(pl.col("reason_code").is_null())
    files = passed.group_by(*key, "source_file").agg(pl.col("updated_at").max())
    beaten = (
        files.filter(pl.struct(key).is_duplicated())
        .sort("updated_at", "source_file", descending=[True, False], nulls_last=True)
        .filter(~pl.struct(key).is_first_distinct())
        .select(*key, "source_file", is_beaten=pl.lit(True))
    )
    lines = lines.join(
        beaten, on=[*key, "source_file"], how="left", maintain_order="left"
    )
    return lines.with_columns(
        fate=pl.when(pl.col("reason_code").is_not_null())
        .then(pl.lit("rejected"))
        .when("is_beaten")
        .then(pl.lit("superseded"))
        .otherwise(pl.lit("accepted"))
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
        for name in ("ordered_at", "order_date", "has_order_time", "status")
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
        "has_order_time",
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


def identify(rows: pl.DataFrame, v: dict) -> pl.DataFrame:
    """Identifier (connector, shop_id, kind, value) to `person_key`, `person_id`.

    `rows` holds the identifiers that stand together on a row. Returns one row per
    identifier text, with the person's key and smallest shop customer id.
    """
    texts = rows.unique().select("customer_id", *identifier_texts(v))
    limit = v["identity_max_customer_ids"]
    for kind in ("email", "phone"):
        ids = pl.col("customer").n_unique() - pl.col("customer").has_nulls()
        crowded = (
            texts.group_by(kind).agg(ids.alias("ids")).filter(pl.col("ids") > limit)
        )
        texts = texts.with_columns(
            pl.when(~pl.col(kind).is_in(crowded[kind].implode())).then(kind).alias(kind)
        )
    kinds = ["customer", "email", "phone"]
    people = texts.with_columns(person=connected(texts.select(kinds))).with_columns(
        person_id=pl.col("customer_id").min().over("person")
    )
    identifiers = (
        pl.concat(people.select("person", "person_id", identifier=k) for k in kinds)
        .drop_nulls("identifier")
        .unique("identifier")
    )
    return hash_keys(identifiers, "key", "identifier").select(
        "identifier", "person_id", person_key=pl.col("key").min().over("person")
    )


def connected(rows: pl.DataFrame) -> pl.Series:
    """A number per row, equal for rows that share a value or are linked by others.

    Each row takes the lowest number of those it shares a value with, and then the
    number that this row has got, until nothing changes.
    """
    values = rows.select(pl.all().cast(pl.Categorical).to_physical())
    person = pl.Series("person", range(len(rows)), dtype=pl.UInt32)
    shared = [
        pl.when(pl.col(name).is_not_null()).then(pl.col("person").min().over(name))
        for name in rows.columns
    ]
    while True:
        lowest = pl.min_horizontal("person", *shared)
        lower = values.with_columns(person).select(lowest).to_series()
        lower = lower.gather(lower)
        if lower.equals(person):
            return person
        person = lower.alias("person")


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


def check_orders(rows: dict, v: dict, rules: dict, as_of) -> tuple:
    """Flat lines, and the orders given and made from lines, with their fates."""
    lines = prepare_lines(rows["order_lines"], rules)
    lines = keep_newest_file(
        lines.with_columns(reason_code=line_reasons(v, as_of)), ORDER
    )
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
        decide_plain(rows, name, v) for name in ("products", "customers")
    )

    held = [*SHOP, "customer_id", "email_hash", "phone_hash"]
    tied = pl.concat([accepted(rows).select(held) for rows in (orders, customers)])
    people = identify(tied, v)
    taken = with_person(accepted(orders), people, v).drop(
        *SETTLED, "email_hash", "phone_hash", "fate", "reason_code"
    )
    taken = hash_keys(taken, "order_key", *ORDER)
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
    items = items.with_columns(line_gross()).join(
        found.select(*ORDER, "order_key"), on=ORDER, how="left"
    )
    items = items.with_columns(reason_code=item_reasons(v))
    items = keep_newest_file(items, ["order_key"])

    amounts = {
        "orders": (orders, "gross_amount"),
        "order_lines": (lines, "line_gross"),
        "products": (products, pl.lit(0, pl.Int64)),
        "customers": (customers, pl.lit(0, pl.Int64)),
        "order_items": (items, "line_gross"),
        "refunds": (refunds, "refund_amount"),
    }
    decided = {
        name: rows.drop(SETTLED).with_columns(amount=amount)
        for name, (rows, amount) in amounts.items()
    }
    only_counted = ["connector", "fate", "reason_code", "amount"]
    for name in ("orders", "order_lines", "customers"):
        decided[name] = decided[name].select(only_counted)
    return decided | {"as_of": as_of, "people": people, "taken": taken}


def decide_plain(rows: dict, entity: str, v: dict) -> pl.DataFrame:
    """Products or customers: only the id, readability and arrival count."""
    frame, name = rows[entity], f"{entity[:-1]}_id"
    reasons = first_reason(*not_arrived(v, CHANGED), *missing(name), UNREADABLE)
    ties = [column for column in frame.columns if column not in (*SHOP, name)]
    return keep_newest(frame.with_columns(reason_code=reasons), [*SHOP, name], ties)
