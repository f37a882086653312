"""Recompute every mart from the raw files, independently, and compare cell by cell.

Shares no SQL and no table with the models: reads the raw files and the rule seeds,
computes with Polars, and opens only the schema `marts` of the database. Above the row
limit a sample of customers is compared in the marts where a customer's rows depend on
nobody else (core, reactivations), and the marts that need every customer are left out,
which is said for each of them. A mart that nothing recomputes is a difference.
Exit code 0: all equal; 1: a difference; 2: the input cannot be used.
"""

import argparse
import csv
import datetime
import functools
import gzip
import hashlib
import itertools
import json
import math
import os
import sys
import tempfile
from decimal import Decimal
from functools import partial
from pathlib import Path

import duckdb
import history
import polars as pl
import yaml
from raw_files import InputError, discover
from recompute import COLUMNS, GRAINS, RATE_UNIT, decide_rows, marts_of

PROJECT = Path(__file__).resolve().parent.parent
CHUNK = 200_000
TOLERANCE = (1e-12, 1e-15)  # relative and absolute, of rates
# Where logarithms, exponentials or sums of many doubles enter, two right ways of
# computing agree to fewer digits: survival is a product of hundreds of factors here
# and may be a sum of logarithms there. The search for a maximum takes differences for
# slopes and stops a little beside it, where the likelihood is as good as the highest.
# Predictions promise six digits. Bias is a difference: near 0 it has none to lose.
LOOSE = dict.fromkeys(
    [
        "repurchase_curves",
        "lifecycle_limits",
        "churn_drivers",
        "revenue_concentration",
        "seasonality",
        "model_parameters.log_likelihood",
    ],
    (1e-9, 1e-15),
) | {
    "model_parameters": (1e-5, 1e-15),
    "customer_predictions": (1e-6, 1e-15),
    "prediction_evaluation": (1e-6, 1e-8),
    "prediction_calibration": (1e-6, 1e-15),
}
OF_FITS = ["model_parameters", "prediction_evaluation"]  # what is said of the fits
MOST_ITERATIONS = 50  # of two searches (decision 15); how many it takes is its own
SHOWN = 5  # differences printed per mart
SAMPLED = ["fct_orders", "fct_refunds", "fct_customers", "reactivations"]

# Contract columns in their order, with how their text is read.
CONTRACT = {
    "orders": {
        "shop_id": "id",
        "order_id": "id",
        "customer_id": "customer",
        "email_hash": "email",
        "phone_hash": "phone",
        "ordered_at": "time",
        "time_zone": "zone",
        "status": "status",
        "currency": "currency",
        "channel": "text",
        "coupon_code": "text",
        "country": "text",
        "gross_amount": 2,
        "discount_amount": 2,
        "tax_amount": 2,
        "shipping_amount": 2,
        "refund_amount": 2,
        "updated_at": "time",
    },
    "order_lines": {
        "shop_id": "id",
        "order_id": "id",
        "customer_id": "customer",
        "email_hash": "email",
        "phone_hash": "phone",
        "ordered_at": "time",
        "time_zone": "zone",
        "status": "status",
        "currency": "currency",
        "channel": "text",
        "coupon_code": "text",
        "country": "text",
        "order_discount_amount": 2,
        "order_refund_amount": 2,
        "tax_amount": 2,
        "shipping_amount": 2,
        "line_number": "id",
        "product_id": "id",
        "product_name": "text",
        "quantity": 3,
        "unit_price": 4,
        "discount_amount": 2,
        "updated_at": "time",
    },
    "order_items": {
        "shop_id": "id",
        "order_id": "id",
        "line_number": "id",
        "product_id": "id",
        "product_name": "text",
        "quantity": 3,
        "unit_price": 4,
        "discount_amount": 2,
        "updated_at": "time",
    },
    "products": {
        "shop_id": "id",
        "product_id": "id",
        "product_name": "text",
        "category": "text",
        "updated_at": "time",
    },
    "customers": {
        "shop_id": "id",
        "customer_id": "customer",
        "email_hash": "email",
        "phone_hash": "phone",
        "country": "text",
        "updated_at": "time",
    },
    "refunds": {
        "shop_id": "id",
        "refund_id": "id",
        "order_id": "id",
        "customer_id": "customer",
        "refunded_at": "time",
        "currency": "currency",
        "refund_amount": 2,
        "updated_at": "time",
    },
}
LOCAL_DAYS = {
    "ordered_at": "order_date",
    "refunded_at": "refund_date",
    "updated_at": "arrival_date",
}
INPUT_NAMES = {"email_hash": "email", "phone_hash": "phone"}
SHORT_NAMES = {  # in reason codes
    "order_discount_amount": "discount_amount",
    "order_refund_amount": "refund_amount",
}


class Unusable(Exception):
    """What the user gave cannot be verified; the message says why."""


# ---- text to values (decision 1) ----


WHITE_SPACE = " \t\r\n\u00a0\u3000"


def clean(text: pl.Expr) -> pl.Expr:
    """Trimmed text, empty is NULL."""
    text = text.str.strip_chars(WHITE_SPACE)
    return pl.when(text != "").then(text)


def clean_id(text: pl.Expr) -> pl.Expr:
    """An id without white space, `="..."`, a leading apostrophe or a trailing `.0`."""
    text = clean(clean(text).str.replace(r'(?s)^="(.*)"$', "$1"))
    text = clean(text.str.replace(r"^'", ""))
    return clean(text.str.replace(r"^([0-9]+)\.0$", "$1"))


def number(text: pl.Expr, scale: int, mark: str = ".") -> pl.Expr:
    """A number in units of 10^-scale, rounded half away from zero; NULL: unreadable."""
    group, point = (r"\.", ",") if mark == "," else (",", r"\.")
    sign = "[$€£¥￥]"
    pattern = (
        rf"^(?:[+-]?{sign}?|{sign}[+-]?)"
        rf"([0-9]{{1,3}}(?:{group}[0-9]{{3}})+|[0-9]+)(?:{point}([0-9]+))?$"
    )
    text = clean(text)
    whole = text.str.extract(pattern, 1).str.replace_all(r"[.,]", "")
    fraction = text.str.extract(pattern, 2).fill_null("") + "0" * (scale + 1)
    kept = (whole + fraction.str.slice(0, scale)).cast(pl.Int128, strict=False)
    up = fraction.str.slice(scale, 1).is_in(list("56789")).cast(pl.Int128)
    size = kept + up
    fits = whole.str.strip_chars_start("0").str.len_chars() <= 12
    negative = text.str.contains("-", literal=True)
    value = pl.when(fits).then(size).cast(pl.Int64)
    return pl.when(negative).then(-value).otherwise(value)


# Year first always reads; the connector's date_order says how a year at the end does.
TIME = (
    r"^([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})"
    r"(?:[ T]([0-9]{1,2}):([0-9]{2})(?::([0-5][0-9])(?:\.([0-9]+))?)?"
    r"(?: ?(Z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?))?)?$"
)
PLAIN_TIME = (  # of the same, without the end
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-5][0-9](?:\.[0-9]{6})?"
)
YEAR_LAST = r"^([0-9]{1,2})[-/]([0-9]{1,2})[-/]([0-9]{4})"
YEAR_FIRST = {"mdy": "$3-$1-$2", "dmy": "$3-$2-$1"}


def local_to_utc(local: pl.Expr, zone: str) -> pl.Expr:
    """A wall clock time in UTC; skipped ones by the old offset, of two the later."""

    def convert(moment: pl.Expr) -> pl.Expr:
        moment = moment.dt.replace_time_zone(
            zone, ambiguous="latest", non_existent="null"
        )
        return moment.dt.convert_time_zone("UTC").dt.replace_time_zone(None)

    before = datetime.timedelta(hours=3)
    return pl.coalesce(convert(local), convert(local - before) + before)


def utc_to_day(moment: pl.Expr, zone: str) -> pl.Expr:
    utc = moment.dt.replace_time_zone("UTC")
    return utc.dt.convert_time_zone(zone).dt.replace_time_zone(None).dt.date()


@functools.cache
def is_zone(name: str) -> bool:
    try:
        pl.Series([datetime.datetime(2000, 1, 1)]).dt.replace_time_zone(name)
    except Exception:  # polars has no narrower error for an unknown zone
        return False
    return True


def read_time(text: pl.Series, zone: pl.Series, settings: dict) -> pl.DataFrame:
    """Columns `at` (UTC), `day` (in the row's zone) and whether it `has_time` of day.

    All three are NULL when unreadable. The plainest texts, which most files have alone,
    are converted as they are; all others are read once each.
    """
    unknown = [name for name in zone.unique() if not is_zone(name)]
    known = pl.when(pl.col("zone").is_in(unknown)).then(pl.lit("UTC")).otherwise("zone")
    rows = pl.DataFrame({"text": text, "zone": zone}).with_columns(zone=known)
    rows = rows.with_row_index("row")
    naive_local = settings.get("naive_time", "utc") == "local"
    is_plain = pl.col("text").str.contains(
        PLAIN_TIME + ("Z$" if naive_local else "Z?$")
    )
    plain = rows.filter(is_plain)
    others = rows.filter(is_plain.not_().fill_null(True))
    different = others.select("text", "zone").unique()
    read = different.hstack(read_any_time(different, settings))
    others = others.join(read, on=["text", "zone"], how="left", nulls_equal=True)
    names = ["row", "at", "day", "has_time"]
    both = pl.concat([read_plain_time(plain), others.select(names)])
    return both.sort("row").drop("row")


def read_plain_time(rows: pl.DataFrame) -> pl.DataFrame:
    """`row`, `at`, `day`, `has_time` of rows whose text is like PLAIN_TIME, in UTC."""
    second = pl.col("text").str.head(19).str.replace("T", " ", literal=True)
    micros = pl.col("text").str.slice(20, 6).cast(pl.Int64, strict=False).fill_null(0)
    at = second.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
    at = at + pl.duration(microseconds=micros)
    day = pl.lit(None, pl.Date)
    for name in rows["zone"].unique():
        here = pl.col("zone") == name
        day = pl.when(here).then(utc_to_day(pl.col("at"), name)).otherwise(day)
    has_time = pl.when(pl.col("at").is_not_null()).then(True)
    rows = rows.select("row", "zone", at=at)
    return rows.select("row", "at", day=day, has_time=has_time)


def read_any_time(frame: pl.DataFrame, settings: dict) -> pl.DataFrame:
    """`at`, `day` and `has_time` of `frame` (text, zone) by the pattern of times."""
    column = clean(pl.col("text"))
    if order := YEAR_FIRST.get(settings.get("date_order")):
        column = column.str.replace(YEAR_LAST, order)
    names = ["y", "m", "d", "hour", "minute", "second", "fraction", "offset"]
    parts = frame.select(
        column.str.extract_groups(TIME).struct.rename_fields(names).struct.unnest(),
        "zone",
    )
    stamp = pl.format(
        "{}-{}-{} {}:{}:{}.{}",
        "y",
        pl.col("m").str.zfill(2),
        pl.col("d").str.zfill(2),
        pl.col("hour").fill_null("0").str.zfill(2),
        pl.col("minute").fill_null("00"),
        pl.col("second").fill_null("00"),
        pl.col("fraction").fill_null("").str.slice(0, 6).str.pad_end(6, "0"),
    )
    digits = pl.col("offset").str.replace_all(r"[^0-9]", "").str.pad_end(4, "0")
    minutes = digits.str.slice(0, 2).cast(
        pl.Int64, strict=False
    ) * 60 + digits.str.slice(2, 2).cast(pl.Int64, strict=False)
    minutes = (
        pl.when(pl.col("offset").is_in(["Z", "UTC"]))
        .then(0)
        .when(pl.col("offset").str.starts_with("-"))
        .then(-minutes)
        .otherwise(minutes)
    )
    parts = parts.with_columns(
        wall=stamp.str.to_datetime(
            "%Y-%m-%d %H:%M:%S%.6f", strict=False, time_unit="us"
        ),
        minutes=minutes,
    )
    wall, date_only = pl.col("wall"), pl.col("hour").is_null()
    naive_local = settings.get("naive_time", "utc") == "local"
    local = date_only | (pl.col("offset").is_null() & pl.lit(naive_local))
    at = day = pl.lit(None)
    for name in parts["zone"].unique():
        here = pl.col("zone") == name
        exact = wall - pl.duration(minutes=pl.col("minutes").fill_null(0))
        moment = pl.when(local).then(local_to_utc(wall, name)).otherwise(exact)
        at = pl.when(here).then(moment).otherwise(at)
        own_day = pl.when(local).then(wall.dt.date()).otherwise(utc_to_day(exact, name))
        day = pl.when(here).then(own_day).otherwise(day)
    moments = parts.with_columns(at=at.cast(pl.Datetime("us")), day=day.cast(pl.Date))
    has_time = pl.when(pl.col("at").is_not_null()).then(~date_only)
    return moments.select("at", "day", has_time=has_time)


def keyed_hash(values: pl.Series, secret: str) -> pl.Series:
    """sha256 of `secret:value` in hexadecimal."""
    known = values.drop_nulls().unique().to_list()
    hashed = [hashlib.sha256(f"{secret}:{v}".encode()).hexdigest() for v in known]
    lookup = pl.DataFrame(
        {"value": known, "hash": hashed}, schema={"value": pl.String, "hash": pl.String}
    )
    frame = values.to_frame("value").join(
        lookup, on="value", how="left", maintain_order="left"
    )
    return frame["hash"]


def without_emails(ids: pl.Series, secret: str) -> pl.Series:
    """Ids of customers, those that are e-mails as keyed hashes."""
    emails = ids.filter(ids.str.contains("@", literal=True)).unique()
    return ids.replace(emails, keyed_hash(once_each(emails, email), secret))


def plain_text(text: pl.Expr) -> pl.Expr:
    """Cleaned text; what looks like an e-mail or an international phone is ***."""
    text = clean(text).str.replace_all(r"[^ ;=]+@[^ ;]+", "***")
    return text.str.replace_all(r"\+[0-9][-0-9 ()]{6,}[0-9]", "***")


def once_each(texts: pl.Series, read) -> pl.Series:
    """What `read` makes of a column of texts, each different one read once."""
    different = texts.unique().to_frame("text").with_columns(value=read(pl.col("text")))
    rows = texts.to_frame("text").join(
        different, on="text", how="left", nulls_equal=True, maintain_order="left"
    )
    return rows["value"]


def read_ids(texts: pl.Series) -> pl.Series:
    """Ids; only those with other signs than letters, digits, _ and - can change."""
    others = texts.filter(~texts.str.contains(r"^[0-9A-Za-z_-]+$")).unique()
    return texts.replace(others, once_each(others, clean_id))


def unreadable(texts: pl.Series, values: pl.Series) -> pl.Series:
    """Where there is a text and no value."""
    missed = values.is_null() & texts.is_not_null()
    if missed.any():
        missed &= texts.str.strip_chars(WHITE_SPACE) != ""
    return missed


def email(text: pl.Expr) -> pl.Expr:
    text = clean(text).str.to_lowercase()
    return pl.when(text.str.contains("@", literal=True)).then(text)


def phone(text: pl.Expr) -> pl.Expr:
    digits = text.str.replace_all(r"[^0-9]", "")
    return pl.when(digits.str.len_chars() >= 6).then(digits)


# ---- raw files to the contract ----


def open_text(raw):
    """The file's decoded text, unpacked where it is gzip."""
    with open(raw.path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    opened = gzip.open if packed else open
    return opened(raw.path, "rt", encoding=raw.encoding, newline="")


def read_raw(raw, settings: dict) -> pl.DataFrame:
    """A raw file (as `raw_files.discover` describes it) as text columns."""
    wanted = {name: head for name, head in raw.columns.items() if head is not None}
    wanted |= {head.strip().lower(): head for head in raw.x_columns}
    if raw.delimiter is None:
        frame = pl.read_parquet(raw.path, columns=list(dict.fromkeys(wanted.values())))
        columns = {
            name: native_text(frame[head], settings) for name, head in wanted.items()
        }
        frame = pl.DataFrame(columns)
    else:
        frame = read_delimited(raw, wanted)
    absent = [name for name in raw.columns if name not in wanted]
    return frame.with_columns(
        *(pl.lit(None, pl.String).alias(name) for name in absent),
        source_file=pl.lit(raw.name),
    )


def native_text(values: pl.Series, settings: dict) -> pl.Series:
    """Native Parquet values as the text that the connector's settings read back."""
    kind = values.dtype
    if kind == pl.Datetime:
        zone = kind.time_zone
        if zone:
            values = values.dt.convert_time_zone("UTC")
        values = values.cast(pl.Datetime("us", "UTC" if zone else None))
        return values.dt.strftime("%Y-%m-%d %H:%M:%S%.6f" + ("Z" if zone else ""))
    text = values.cast(pl.String)
    if (kind.is_float() or kind.is_decimal()) and settings.get("decimal_mark") == ",":
        text = text.str.replace(".", ",", literal=True)
    return text


def read_delimited(raw, wanted: dict[str, str]) -> pl.DataFrame:
    """Columns of a text file by the names of its header, all text."""
    places = {name: raw.header.index(head) for name, head in wanted.items()}
    schema = dict.fromkeys(wanted, pl.String)
    chunks = [pl.DataFrame(schema=schema)]
    with open_text(raw) as file:
        lines = (line.replace("\0", "\ufffd") for line in file)
        if raw.delimiter == " ":
            rows = (line.split() for line in lines)
        else:
            rows = csv.reader(lines, delimiter=raw.delimiter, skipinitialspace=True)
        rows = (row for row in rows if row)
        if raw.has_header:
            next(rows, None)
        while chunk := list(itertools.islice(rows, CHUNK)):
            columns = {name: [row[i] for row in chunk] for name, i in places.items()}
            chunks.append(pl.DataFrame(columns, schema=schema))
    return pl.concat(chunks)


def online_retail(raw: pl.DataFrame, settings: dict) -> pl.DataFrame:
    """Invoice lines under the contract's names, still text."""
    first = read_ids(raw["invoice"]).str.slice(0, 1).str.to_uppercase()
    mark = settings.get("decimal_mark", ".")
    price = once_each(raw["price"], partial(number, scale=4, mark=mark))
    return raw.select(
        "source_file",
        "customer_id",
        "country",
        "quantity",
        order_id="invoice",
        ordered_at="invoice_date",
        time_zone=pl.lit("Europe/London"),
        currency=pl.lit("GBP"),
        status=pl.when(first == "C")
        .then(pl.lit("cancellation"))
        .when(first == "A")
        .then(pl.lit("adjustment"))
        .when(price == 0)
        .then(pl.lit("unpriced"))
        .otherwise(pl.lit("invoice")),
        product_id=read_ids(raw["stock_code"]).str.to_uppercase(),
        product_name="description",
        unit_price="price",
    )


def cdnow(raw: pl.DataFrame, settings: dict) -> pl.DataFrame:
    """Purchases under the contract's names: the order is the customer's day."""
    customer, day = clean_id(pl.col("customer_id")), clean(pl.col("purchase_date"))
    dashed = day.str.replace(r"^([0-9]{4})([0-9]{2})([0-9]{2})$", "$1-$2-$3")
    return raw.select(
        "source_file",
        "customer_id",
        order_id=customer + "-" + day,
        ordered_at=dashed,
        time_zone=pl.lit("America/New_York"),
        status=pl.lit("purchase"),
        currency=pl.lit("USD"),
        quantity=pl.lit("1"),
        unit_price="dollars",
        product_id=pl.lit("CD"),
    )


def shopify(raw: pl.DataFrame, settings: dict) -> pl.DataFrame:
    """Shopify's export under the contract's names; an order's first row has it all."""
    status = clean(pl.col("financial_status"))
    tags = clean(pl.col("tags")).str.to_lowercase().str.split(",")
    is_test = tags.list.eval(pl.element().str.strip_chars(" ")).list.contains("test")
    return raw.select(
        "source_file",
        "email",
        "phone",
        "currency",
        order_id="name",
        ordered_at="created_at",
        status=pl.when(status.is_not_null()).then(
            pl.when(clean(pl.col("cancelled_at")).is_not_null())
            .then(pl.lit("cancelled"))
            .when(is_test)
            .then(pl.lit("test"))
            .otherwise(status)
        ),
        channel="source",
        coupon_code="discount_code",
        country="shipping_country",
        order_discount_amount="discount_amount",
        order_refund_amount="refunded_amount",
        tax_amount="taxes",
        shipping_amount="shipping",
        product_id=pl.coalesce(
            clean_id(pl.col("lineitem_sku")), clean_id(pl.col("lineitem_name"))
        ),
        product_name="lineitem_name",
        quantity="lineitem_quantity",
        unit_price="lineitem_price",
        updated_at="created_at",
        paid_at="paid_at",
        cancelled_at="cancelled_at",
        fulfilled_at="fulfilled_at",
    )


CONNECTORS = {"online_retail": online_retail, "cdnow": cdnow, "shopify": shopify}
LOCAL_TIMES = ("online_retail", "cdnow")  # their times are always the shop's own
ALSO_UPDATED = ["paid_at", "cancelled_at", "fulfilled_at"]  # Shopify's later moments


def to_contract(
    text: pl.DataFrame,
    connector: str,
    entity: str,
    settings: dict,
    v: dict,
    secret: str,
) -> pl.DataFrame:
    """The contract's columns of an entity from text columns of the input's names.

    `unreadable_column` names the first whose text is there and cannot be read.
    """
    kinds = CONTRACT[entity]
    inputs = {name: INPUT_NAMES.get(name, name) for name in kinds}
    text = text.with_columns(
        pl.lit(None, pl.String).alias(name)
        for name in {*inputs.values(), "time_zone"} - set(text.columns)
    )
    default = pl.lit(settings.get("time_zone") or v["time_zone"])
    zones = once_each(text["time_zone"], lambda zone: pl.coalesce(clean(zone), default))
    made: dict[str, pl.Series] = {
        "connector": pl.repeat(connector, len(text), dtype=pl.String, eager=True)
    }
    wrong, has_order_time = [], None
    for name, kind in kinds.items():
        if kind == "time":
            later = ALSO_UPDATED if name == "updated_at" else []
            sources = [name, *(column for column in later if column in text.columns)]
            read = [read_time(text[column], zones, settings) for column in sources]
            moments = pl.DataFrame({str(i): one["at"] for i, one in enumerate(read)})
            made[name] = moments.max_horizontal()
            if name == "ordered_at":
                has_order_time = read[0]["has_time"].alias("has_order_time")
            if name in LOCAL_DAYS:
                days = pl.DataFrame({str(i): one["day"] for i, one in enumerate(read)})
                made[LOCAL_DAYS[name]] = days.max_horizontal()
            for column, one in zip(sources, read, strict=True):
                wrong.append((name, unreadable(text[column], one["at"])))
            continue
        column = text[inputs[name]]
        if kind == "zone":
            made[name] = zones
            unknown = [zone for zone in zones.unique() if not is_zone(zone)]
            wrong.append((name, zones.is_in(unknown)))
        elif isinstance(kind, int):
            mark = settings.get("decimal_mark") or "."
            made[name] = once_each(column, partial(number, scale=kind, mark=mark))
            wrong.append((name, unreadable(column, made[name])))
        elif kind in ("id", "customer"):
            ids = read_ids(column)
            made[name] = ids if kind == "id" else without_emails(ids, secret)
        else:
            made[name] = once_each(column, READ[kind])
            if kind in ("email", "phone"):
                made[name] = keyed_hash(made[name], secret)
    first_wrong = pl.coalesce(
        *(
            pl.when(flag).then(pl.lit(SHORT_NAMES.get(name, name)))
            for name, flag in wrong
            if flag.any()
        ),
        pl.lit(None, pl.String),
    )
    frame = pl.DataFrame(made).with_columns(
        text["source_file"],
        pl.col("shop_id").fill_null(connector),
        unreadable_column=first_wrong,
    )
    if has_order_time is not None:
        frame = frame.with_columns(has_order_time)
    return frame


READ = {
    "text": plain_text,
    "status": lambda text: clean(text).str.to_lowercase().str.replace_all("[ -]", "_"),
    "currency": lambda text: clean(text).str.to_uppercase(),
    "email": email,
    "phone": phone,
}


def read_inputs(inputs: list[tuple[str, str]], v: dict, secret: str):
    """Contract frames by entity and each connector's entities, from the raw files."""
    frames: dict[str, list] = {entity: [] for entity in CONTRACT}
    entities: dict[str, list[str]] = {}
    for connector, path in inputs:
        settings = dict(v["connectors"].get(connector) or {})
        if connector in LOCAL_TIMES:
            settings["naive_time"] = "local"
        try:
            files = list(
                discover(
                    connector, path, settings.get("encoding"), settings.get("delimiter")
                )
            )
        except InputError as error:
            raise Unusable(str(error)) from error
        found = [entity for entity in CONTRACT if entity in {f.entity for f in files}]
        entities[connector] = settings.get("entities") or found
        for file in files:
            if file.entity not in entities[connector]:
                continue
            text = read_raw(file, settings)
            if connector in CONNECTORS:
                text = CONNECTORS[connector](text, settings)
            frame = to_contract(text, connector, file.entity, settings, v, secret)
            if file.entity == "orders":
                carried = [name for name in v["x_columns"] if name in text.columns]
                frame = frame.with_columns(text.select(carried))
            frames[file.entity].append(frame)
    for entity, kinds in CONTRACT.items():
        nothing = pl.DataFrame(schema=dict.fromkeys(["source_file", *kinds], pl.String))
        empty = to_contract(nothing, "", entity, {}, v, secret)
        frames[entity] = pl.concat([empty, *frames[entity]], how="diagonal_relaxed")
    return frames, entities


# ---- vars and rules ----


def load_vars(overrides: dict, as_of: str | None) -> dict:
    """The vars of dbt_project.yml, with what the caller changed; dates as dates."""
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text("utf-8"))
    v = project["vars"] | overrides
    if as_of:
        v["as_of_date"] = as_of
    for name in ("as_of_date", "observation_start"):
        if v[name] is not None:
            v[name] = datetime.date.fromisoformat(str(v[name]))
    return v


def load_rules() -> dict[str, pl.DataFrame]:
    """The rule seeds by name, typed."""
    rules = {
        path.stem: pl.read_csv(path, infer_schema=False)
        for path in (PROJECT / "seeds" / "rules").glob("*.csv")
    }
    typed = {
        "order_status_rules": [pl.col(r"^is_.*$") == "true"],
        "rfm_value_types": [pl.col(r"^is_.*$") == "true"],
        "rfm_segment_rules": [pl.col("r_score", "f_score").cast(pl.Int64)],
        "rfm_segment_names": [pl.col("segment_rank").cast(pl.Int64)],
        "holidays": [pl.col("start_date", "end_date").str.to_date()],
        "exchange_rates": [pl.col("rate_date").str.to_date()],
    }
    rules |= {name: rules[name].with_columns(types) for name, types in typed.items()}
    rates = [int(Decimal(text) * RATE_UNIT) for text in rules["exchange_rates"]["rate"]]
    rules["exchange_rates"] = rules["exchange_rates"].with_columns(
        rate=pl.Series(rates, dtype=pl.Int64)
    )
    return rules


# ---- comparing ----


def kind_of(dtype: pl.DataType) -> str:
    """What a column holds, as far as equality goes."""
    if dtype.is_integer() or (dtype == pl.Decimal and dtype.scale == 0):
        return "whole number"
    if dtype.is_float():
        return "double"
    if dtype == pl.Datetime and dtype.time_zone:
        return "timestamp with time zone"
    return {pl.Decimal: "decimal", pl.String: "text", pl.Datetime: "timestamp"}.get(
        dtype.base_type(), str(dtype).lower()
    )


def tolerance(mart: str, column: str) -> tuple[float, float]:
    """How far doubles of a column may be apart, relatively and absolutely."""
    return LOOSE.get(f"{mart}.{column}", LOOSE.get(mart, TOLERANCE))


def differs(kind: str, relative: float, absolute: float) -> pl.Expr:
    """Whether columns `expected` and `found` differ; doubles by the tolerances."""
    expected, found = pl.col("expected"), pl.col("found")
    if kind != "double":
        return expected.ne_missing(found)
    size = pl.max_horizontal(expected.abs(), found.abs())
    near = (expected - found).abs() <= pl.max_horizontal(size * relative, absolute)
    return ~(near.fill_null(False) | (expected.is_null() & found.is_null()))


def compare(
    expected: pl.DataFrame,
    found: pl.DataFrame,
    grain: list[str],
    tolerance_of=lambda column: TOLERANCE,
) -> tuple[int, list[str]]:
    """How many differences there are, and the first few in words.

    Every column of `expected` must be in `found` with the same kind of type; more
    columns in `found` are welcome, more or fewer rows are not. Doubles are equal
    within `tolerance_of` their column (relative, absolute), all else exactly.
    """
    lines = []
    for name, dtype in expected.schema.items():
        if name not in found.columns:
            lines.append(f"column {name}: not there")
        elif dtype != pl.Null and kind_of(dtype) != kind_of(found[name].dtype):
            lines.append(
                f"column {name}: expected {kind_of(dtype)}, "
                f"found {kind_of(found[name].dtype)}"
            )
    if lines:
        return len(lines), lines
    found = found.select(expected.columns)
    for side, frame in (("expected", expected), ("found", found)):
        if twice := len(frame) - frame.select(grain).n_unique():
            row = frame.filter(frame.select(grain).is_duplicated()).row(0, named=True)
            lines.append(f"{key_text(row, grain)}: {twice} keys {side} more than once")
    if lines:
        return len(lines), lines
    both = expected.with_columns(is_expected=pl.lit(True)).join(
        found.with_columns(is_found=pl.lit(True)),
        on=grain,
        how="full",
        coalesce=True,
        nulls_equal=True,
        suffix=":found",
    )
    count = 0
    for flag, words in (("is_found", "missing row"), ("is_expected", "additional row")):
        rows = both.filter(pl.col(flag).is_null()).sort(grain)
        count += len(rows)
        for row in rows.head(SHOWN).iter_rows(named=True):
            lines.append(f"{key_text(row, grain)}: {words}")
    both = both.drop_nulls(["is_found", "is_expected"])
    for name, dtype in expected.schema.items():
        if name in grain:
            continue
        pair = both.select(*grain, expected=name, found=f"{name}:found")
        near = tolerance_of(name)
        wrong = pair.filter(differs(kind_of(dtype), *near)).sort(grain)
        count += len(wrong)
        for row in wrong.head(SHOWN).iter_rows(named=True):
            lines.append(
                f"{key_text(row, grain)}, {name}: "
                f"expected {row['expected']}, found {row['found']}"
            )
    return count, lines[: 2 * SHOWN]


def key_text(row: dict, grain: list[str]) -> str:
    return " ".join(f"{name}={row[name]}" for name in grain)


def read_mart(con, name: str, sample: int) -> pl.DataFrame | None:
    """A mart of the database at the grain compared; None where it is not there."""
    known = con.execute(
        "select table_catalog from information_schema.tables where table_catalog = "
        "current_database() and table_schema = 'marts' and table_name = ?",
        [name],
    ).fetchall()
    if not known:
        return None
    # With its catalog: a file may be called marts.duckdb.
    marts = '"' + known[0][0].replace('"', '""') + '".marts'
    query = f"select * from {marts}.{name}"
    sampled = f"where customer_key % {sample} = 0"
    if sample > 1 and name in SAMPLED:
        query += f" {sampled}"
    if sample > 1 and name == "fct_order_items":
        orders = f"select order_key from {marts}.fct_orders {sampled}"
        query += f" where order_key in ({orders})"
    found = read_query(con, query)
    if name == "model_parameters" and "iterations" in found.columns:
        bounded = pl.col("iterations").is_between(1, MOST_ITERATIONS)
        found = found.with_columns(iterations_bounded=bounded)
    if name == "rejected_rows":
        found = found.group_by(GRAINS[name]).agg(rows=pl.len())
    return found


def unknown_marts(con) -> list[str]:
    """Tables of the schema that nothing here recomputes, but for the history."""
    found = con.execute(
        "select table_name from information_schema.tables where table_catalog = "
        "current_database() and table_schema = 'marts' order by table_name"
    ).fetchall()
    return [name for (name,) in found if name not in {*COLUMNS, *history.TABLES}]


def read_query(con, query: str) -> pl.DataFrame:
    """The rows of a query with their types."""
    with tempfile.TemporaryDirectory() as folder:
        parquet = f"{folder}/rows.parquet"
        path = parquet.replace("'", "''")
        how = "format parquet, compression uncompressed"
        con.execute(f"copy ({query}) to '{path}' ({how})")
        return pl.read_parquet(parquet)


def connect(path: Path):
    """The database, read only where this process has not opened it for writing."""
    try:
        return duckdb.connect(str(path), read_only=True)
    except duckdb.ConnectionException:
        return duckdb.connect(str(path))


def verify(database: Path, inputs, v: dict, sample: int | None, limit: int) -> int:
    """Print one line per mart; the number of marts that differ."""
    secret = os.environ.get("REPURCHASE_IDENTITY_SECRET") or "demo-secret"
    rows, entities = read_inputs(inputs, v, secret)
    order_rows = len(rows["orders"]) + len(rows["order_lines"])
    sample = sample or max(1, math.ceil(order_rows / limit))
    if sample > 1:
        print(
            f"{order_rows:,} order rows: customers whose customer_key is divisible by "
            f"{sample} are compared, and all counts of rows"
        )
    wrong = 0
    with connect(database) as con:
        fits = {name: read_mart(con, name, sample) for name in OF_FITS}
        rules = load_rules()
        decided = decide_rows(rows, entities, v, rules)
        del rows  # the largest of all
        expected = marts_of(decided, entities, v, rules, sample, fits)
        for name in COLUMNS:
            if name not in expected:
                print(f"skip  {name}  needs every customer")
                continue
            found = read_mart(con, name, sample)
            if found is None:
                count, lines = 1, ["not in the database"]
            else:
                near = partial(tolerance, name)
                count, lines = compare(expected[name], found, GRAINS[name], near)
            if count:
                wrong += 1
                print(f"DIFF  {name}  {count:,} differences")
                print("\n".join(f"      {line}" for line in lines))
            else:
                print(f"ok    {name}  {len(expected[name]):,} rows")
        for name in unknown_marts(con):
            wrong += 1
            print(f"DIFF  {name}  nothing recomputes it")
    return wrong


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--database", required=True, type=Path, help="DuckDB file with schema marts")
    add("--connector", required=True, action="append", help="of the --data; repeatable")
    add("--data", required=True, action="append", help="file or folder; repeatable")
    add("--as-of", metavar="DATE", help="the as-of date of the build, yyyy-mm-dd")
    add("--vars-json", default="{}", help="the build's vars where not the defaults")
    add(
        "--sample-customers",
        type=int,
        metavar="N",
        help="compare only customers whose key is divisible by N",
    )
    add(
        "--row-limit",
        type=int,
        default=1_000_000,
        help="order rows above which a sample is compared (default %(default)s)",
    )
    args = parser.parse_args(argv)
    try:
        if len(args.connector) != len(args.data):
            raise Unusable("give one --data for each --connector")
        if not args.database.is_file():
            raise Unusable(f"{args.database}: no such database; build it first")
        v = load_vars(json.loads(args.vars_json), args.as_of)
        inputs = list(zip(args.connector, args.data, strict=True))
        wrong = verify(args.database, inputs, v, args.sample_customers, args.row_limit)
    except (Unusable, OSError, ValueError, duckdb.Error) as error:
        print(f"verify: {str(error).splitlines()[0]}", file=sys.stderr)
        return 2
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
