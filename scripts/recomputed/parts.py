"""Small parts of the recomputation: amounts, keys, rates, periods."""

import datetime
import hashlib

import numpy as np
import polars as pl

SHOP = ["connector", "shop_id"]
ORDER = [*SHOP, "order_id"]
PERIODS = ["week", "month", "quarter"]
RATE_UNIT = 10**10
MONDAY = datetime.date(1970, 1, 5)
DAY = datetime.timedelta(days=1)
Z = 1.959963984540054  # of a two-sided 95 % interval


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


def so_far(amount: pl.Expr) -> pl.Expr:
    """The sum over the lines of an order, which stand together, up to each."""
    order, reached = pl.col("order_key"), amount.cum_sum()
    is_first = order.ne_missing(order.shift())
    return reached - pl.when(is_first).then(reached - amount).forward_fill()


def in_all(amount: pl.Expr) -> pl.Expr:
    """The sum over the lines of an order, which stand together."""
    order = pl.col("order_key")
    is_last = order.ne_missing(order.shift(-1))
    return pl.when(is_last).then(so_far(amount)).backward_fill()


def share_out(lines: pl.DataFrame, name: str, total: str, weight: str):
    """`lines` (sorted) with `name`: each order's `total` shared out by `weight`."""
    order, reached = pl.col("order_key"), pl.col("reached")
    by_weight = in_all(pl.col(weight)) > 0
    each = pl.when(by_weight).then(pl.col(weight)).otherwise(1).cast(pl.Int128)
    lines = lines.with_columns(each=each)
    up_to = pl.col(total) * so_far(pl.col("each"))
    lines = lines.with_columns(reached=round_div(up_to, in_all(pl.col("each"))))
    before = pl.when(order == order.shift()).then(reached.shift()).fill_null(0)
    return lines.with_columns((reached - before).alias(name)).drop("each", "reached")


def decimal(column: str, scale: int = 2) -> pl.Expr:
    """A whole number of smallest units as the decimal it stands for."""
    return pl.col(column).cast(pl.Decimal(38, scale)) / 10**scale


def hash_keys(frame: pl.DataFrame, name: str, *columns: str) -> pl.DataFrame:
    """`frame` with the integer key of the text `a|b|c`, NULL where a part is."""
    text = pl.concat_str(*columns, separator="|")
    texts = frame.select(text.alias("text")).to_series()
    known = texts.drop_nulls().unique()
    hashes = b"".join(hashlib.md5(t).digest() for t in known.cast(pl.Binary).to_list())
    # The first 15 of 32 hexadecimal digits: 60 of the first 64 bits.
    keys = (np.frombuffer(hashes, ">u8")[::2] >> 4).astype(np.int64)
    lookup = pl.DataFrame({"text": known, name: keys})
    return (
        frame.with_columns(texts.alias("text"))
        .join(lookup, on="text", how="left", maintain_order="left")
        .drop("text")
    )


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


def quotient(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return pl.when(whole > 0).then(part / whole)
