"""Write a synthetic shop with known truth, in the columns of the connector `standard`.

Purchases follow MBG/NBD, a buy-till-you-die process. A customer joins with a first
purchase, drops out after each purchase (the first too) with a probability
p ~ Beta(a, b), and until then buys again after exponential gaps at a rate
lambda ~ Gamma(r, alpha) per week. Both are written per customer to `truth/`.

What does not touch that truth: season, growth, weekdays and peak days decide on
which day customers *join*; the hour patterns move no purchase to another day; called
off, fully refunded, test, guest and broken orders are added on top of the purchases,
never taken from them. What does, a little: a repeat purchase is moved to a weekday or
peak day of its own Monday-to-Sunday week (never the week of the first purchase), by at
most six days, so single gaps are off by up to twelve days, and two purchases of a week
can meet on one day and then count as one purchase day.

Holidays come from seeds/rules/holidays.csv. The same arguments, holidays and package
versions give the same bytes. Customers are drawn and written in batches, each with
its own random stream, so memory does not grow with the shop: `--format csv` appends to
one file per entity, `--format parquet` writes `orders-00001.parquet` and so on.
All columns are text, an empty cell is NULL; all people are invented.
"""

import argparse
import json
import sys
from calendar import monthrange
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

HOLIDAYS = Path(__file__).resolve().parent.parent / "seeds" / "rules" / "holidays.csv"
BATCH_CUSTOMERS = 50_000
SMALLEST_INJECTED_SHOP = 500
DAY, HOUR, WEEK = 86_400, 3_600, 7 * 86_400
ZONE_OFFSET = 8 * HOUR  # both shops: Asia/Shanghai and Asia/Hong_Kong, no summer time

PROCESS = {"r": 0.55, "alpha": 8.0, "a": 0.5, "b": 2.0}

# Shares of the purchases, except where the name says otherwise.
RATES = {
    "same_day": 0.02,
    "called_off": 0.035,
    "fully_refunded": 0.02,
    "guest": 0.03,
    "test": 0.002,
    "partially_refunded": 0.04,
    "unreferenced_refund": 0.002,
    "unreferenced_refund_of_nobody": 0.0003,
    "older_version": 0.01,
    "exact_duplicate": 0.003,
    "refund_older_version": 0.0005,
    "registered_only_per_customer": 0.01,
    "customer_older_version_per_customer": 0.005,
    "each_warning_per_customer": 0.001,
    "each_fault_per_customer": 0.001,
}
CLEAN_RATES = ["same_day", "called_off", "fully_refunded", "partially_refunded"]

# Weights: Monday to Sunday, hours 0 to 23, January to December.
WEEKDAYS = np.array([1.0, 0.95, 0.95, 1.0, 1.1, 1.3, 1.2])
HOURS = np.array(
    [3, 1, 0.6, 0.4, 0.4, 0.6, 1.5, 3, 4.5, 6, 7, 6.5]
    + [6, 5, 5, 5, 5, 5, 5.5, 7, 9, 10, 8, 5.5]
)
MONTHS = np.array([0.9, 0.8, 1, 0.95, 1.05, 1.2, 0.9, 0.85, 1, 1.05, 1.4, 1.1])
YEARLY_GROWTH = 0.15
HOLIDAY_WEIGHTS = {
    "Spring Festival": 0.3,
    "618": 1.4,
    "Double 11": 1.5,
    "Black Friday": 2.2,
    "Christmas": 1.3,
}
RUSH_DAYS = {"06-18": 4.0, "11-11": 6.0}  # times the holiday's own weight
MIDNIGHT_RUSH = 0.3  # of a rush day's orders come between 0 and 1 o'clock

SHOPS = ["shanghai-1", "hongkong-1"]
ZONES = ["Asia/Shanghai", "Asia/Hong_Kong"]
# Markets: mainland, Hong Kong (the second shop), overseas customers of the first shop.
MARKET_SHARES = [0.92, 0.05, 0.03]
CURRENCIES, COUNTRIES = ["CNY", "HKD", "USD"], ["CN", "HK", "US"]
FREE_SHIPPING_FROM, SHIPPING = [9900, 30000, 8000], [800, 3000, 995]
CHANNELS = ["wechat", "tmall", "web", "store"]
STORE = 3
CHANNEL_SHARES = [[0.35, 0.30, 0.20, 0.15], [0.10, 0, 0.50, 0.40], [0, 0, 1, 0]]
# Account; e-mail only; phone only; account or guest checkout with the same e-mail.
ACCOUNT, EMAIL_ONLY, PHONE_ONLY, MIXED = range(4)
IDENTITY_SHARES = [0.85, 0.08, 0.02, 0.05]
NAMES = (
    "li.wei wang.fang zhang.min liu.yang chen.jing yang.lei zhao.lin huang.hao "
    "zhou.xin wu.ting xu.kai sun.mei ma.chao zhu.yan hu.bin guo.li he.jun lin.na "
    "anna.lee tom.chan"
).split()
COUNTER_PHONE = "+86 021 0000 0000"

CATEGORIES = ["Tea", "Teaware", "Coffee", "Honey and jam", "Snacks", "Gifts"]
CATEGORY_SHARES = np.array([0.36, 0.08, 0.2, 0.12, 0.18, 0.06])
# Name, category, price in CNY, weight in first orders (weight 1 in all others).
PRODUCTS = [
    ("Oolong tea 250 g", 0, 89, 6),
    ("龙井绿茶 100克", 0, 128, 3),
    ("Pu'er cake 357 g", 0, 268, 0.5),
    ("Jasmine tea 100 g", 0, 59, 4),
    ("铁观音 250克", 0, 139, 2),
    ("White tea 50 g", 0, 79, 1),
    ("Lapsang 100 g", 0, 72, 1),
    ("Tea sampler, 6 kinds", 0, 49.9, 10),
    ("Chrysanthemum tea 80 g", 0, 35, 2),
    ("Gaiwan 120 ml", 1, 88, 1),
    ("紫砂壶 200毫升", 1, 398, 0.3),
    ("Glass teapot 600 ml", 1, 129, 1),
    ("Bamboo tray", 1, 158, 0.4),
    ("Tea cups, set of 4", 1, 96, 0.8),
    ("Travel mug", 1, 119, 1),
    ("Tea strainer", 1, 29.9, 1),
    ("Yunnan beans 250 g", 2, 78, 4),
    ("Espresso beans 500 g", 2, 118, 2),
    ("Decaf beans 250 g", 2, 84, 0.8),
    ("Drip bags, 10 pieces", 2, 45, 5),
    ("冷萃咖啡 6瓶", 2, 66, 2),
    ("Paper filters 100", 2, 19.9, 0.5),
    ("Acacia honey 500 g", 3, 69, 3),
    ("桂花蜂蜜 250克", 3, 58, 2),
    ("Strawberry jam 340 g", 3, 36, 2),
    ("Fig jam 340 g", 3, 42, 1),
    ("Honeycomb 200 g", 3, 98, 0.5),
    ("Yuzu tea 480 g", 3, 52, 3),
    ("Walnut cookies 200 g", 4, 28, 3),
    ("凤梨酥 10个", 4, 68, 4),
    ("Egg rolls 454 g", 4, 59, 2),
    ("Dried mango 150 g", 4, 26.5, 3),
    ("Sesame crisps 180 g", 4, 22.8, 2),
    ("Mixed nuts 500 g", 4, 88, 2),
    ('Mooncakes "Full moon"', 4, 188, 1),
    ("Gift box small", 5, 168, 1),
    ("Gift box large", 5, 328, 0.5),
    ("新春礼盒", 5, 288, 0.6),
    ("Gift card holder", 5, 15, 0.5),
    ("Wrapping set", 5, 12, 0.5),
    ("Limited tasting tin", 0, 39, 1),  # has no row in `products`
]
HOME_CATEGORY_SHARE = 0.65  # of repeat lines fall into the first line's category
LINES = [0.46, 0.3, 0.15, 0.06, 0.03]
QUANTITIES, QUANTITY_SHARES = np.array([1, 2, 3, 6]), [0.74, 0.18, 0.05, 0.03]

# Coupon, per cent off, amount off (cents, from 99.00 of goods, CNY only).
NO_PROMO, WELCOME, MEMBER, VIP, SAVE, GIFT, PEAK = range(7)
PROMOS = [
    (None, 0, 0),
    ("WELCOME10", 10, 0),
    (None, 8, 0),
    ("VIP5", 5, 0),
    ("SAVE15", 0, 1500),
    ("GIFT100", 100, 0),
    ("PEAK15", 15, 0),
]
LINE_DISCOUNT_SHARE = 0.2  # of discounted orders write the discount on their lines

PURCHASE, CALLED_OFF, REFUNDED, GUEST, TEST = range(5)
NOBODY, TESTER = -1, -2

STATUSES = [
    *("completed", "Completed", "paid", "shipped", "processing", "partially_refunded"),
    *("pending", "cancelled", "voided", "failed", "refunded", "test"),
]
# Entity, reason code, texts put over a copy of a good row (taken in turn).
FAULTS = [
    ("orders", "missing_order_id", {"order_id": [None]}),
    ("orders", "missing_ordered_at", {"ordered_at": [None]}),
    ("orders", "missing_gross_amount", {"gross_amount": [None]}),
    ("orders", "missing_currency", {"currency": [None]}),
    ("orders", "unreadable_ordered_at", {"ordered_at": ["2024-04-31", "yesterday"]}),
    ("orders", "unreadable_updated_at", {"updated_at": ["2023-02-29T10:00:00Z"]}),
    ("orders", "unreadable_time_zone", {"time_zone": ["Mars/Olympus_Mons"]}),
    ("orders", "unreadable_gross_amount", {"gross_amount": ["1.240,00", "n/a"]}),
    ("orders", "unreadable_discount_amount", {"discount_amount": ["ten"]}),
    ("orders", "unreadable_tax_amount", {"tax_amount": ["13%"]}),
    ("orders", "unreadable_shipping_amount", {"shipping_amount": ["free"]}),
    ("orders", "date_out_of_range", {"ordered_at": ["9999-01-01", "0001-01-01"]}),
    ("orders", "unknown_status", {"status": ["on_hold"]}),
    ("orders", "missing_exchange_rate", {"currency": ["BRL"]}),
    ("orders", "negative_gross_amount", {"gross_amount": ["-59.00"]}),
    ("orders", "negative_discount_amount", {"discount_amount": ["-5.00"]}),
    ("order_items", "missing_order_id", {"order_id": [None]}),
    ("order_items", "missing_product_id", {"product_id": [None]}),
    ("order_items", "missing_quantity", {"quantity": [None]}),
    ("order_items", "missing_unit_price", {"unit_price": [None]}),
    ("order_items", "unreadable_quantity", {"quantity": ["two"]}),
    ("order_items", "unreadable_unit_price", {"unit_price": ["1.240,00", "12,5"]}),
    ("order_items", "negative_quantity", {"quantity": ["-1"]}),
    ("order_items", "negative_unit_price", {"unit_price": ["-9.90"]}),
    ("order_items", "amount_out_of_range", {"quantity": ["80995000000"]}),
    ("order_items", "order_not_found", {}),
    ("products", "missing_product_id", {"product_id": [None]}),
    ("customers", "missing_customer_id", {"customer_id": [None]}),
    ("refunds", "missing_refund_id", {"refund_id": [None]}),
    ("refunds", "missing_refund_amount", {"refund_amount": [None]}),
    ("refunds", "unreadable_refunded_at", {"refunded_at": ["2024-04-31"]}),
    ("refunds", "unreadable_refund_amount", {"refund_amount": ["all of it"]}),
    ("refunds", "date_out_of_range", {"refunded_at": ["9999-01-01"]}),
    ("refunds", "negative_refund_amount", {"refund_amount": ["-5.00"]}),
    ("refunds", "order_not_found", {}),
    ("refunds", "refund_currency_differs", {"currency": ["USD"]}),
    ("refunds", "undated_refund", {"order_id": [None], "refunded_at": [None]}),
    ("refunds", "missing_exchange_rate", {"order_id": [None], "currency": ["BRL"]}),
]
WARNINGS = ["no_lines", "lines_differ", "discount_exceeds_gross"]


# ---------- arrays and text


def choose(rng: np.random.Generator, shares, size: int) -> np.ndarray:
    """`size` indexes into `shares`, drawn by these weights."""
    bounds = np.cumsum(shares)
    return np.searchsorted(bounds / bounds[-1], rng.random(size), side="right")


def choose_by_row(rng: np.random.Generator, weights, row: np.ndarray) -> np.ndarray:
    """One index per entry of `row`, drawn by the weights in that row of `weights`."""
    bounds = np.cumsum(weights, axis=1)
    bounds /= bounds[:, -1:]
    flat = (bounds + np.arange(len(bounds))[:, None]).ravel()
    drawn = np.searchsorted(flat, row + rng.random(row.size), side="right")
    return np.minimum(drawn - row * bounds.shape[1], bounds.shape[1] - 1)


def take(table: dict, index: np.ndarray) -> dict:
    """The rows `index` (numbers or a mask) of a table held as a dict of arrays."""
    return {name: values[index] for name, values in table.items()}


def stack(tables: list[dict]) -> dict:
    """Tables with the same columns, one under the other."""
    return {name: np.concatenate([t[name] for t in tables]) for name in tables[0]}


def quota(rate: float, before: int, after: int, least: int) -> int:
    """How many of a rare case fall to the part `before`..`after` of the shop."""
    due = max(least, round(rate * after))
    return due - (max(least, round(rate * before)) if before else 0)


def share_out(total: np.ndarray, weight: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Cents of `total[group]` for each row by weight, adding up exactly per group."""
    running = np.cumsum(weight)
    starts = np.r_[0, np.flatnonzero(np.diff(group)) + 1]
    running -= np.repeat((running - weight)[starts], np.diff(np.r_[starts, group.size]))
    whole = np.bincount(group, weight, total.size).astype(np.int64)[group]
    upto = (2 * total[group] * running + whole) // np.maximum(2 * whole, 1)
    share = np.diff(upto, prepend=0)
    share[starts] = upto[starts]
    return share


def pick(values: list, index) -> pl.Series:
    """`values[index]` as text, NULL where the index is negative."""
    texts = pl.Series([None, *values], dtype=pl.String)
    return texts.gather(np.maximum(np.asarray(index) + 1, 0))


def only(text: pl.Series, mask) -> pl.Series:
    """`text` where `mask` holds, else NULL."""
    return pl.select(pl.when(pl.Series(mask)).then(text)).to_series()


def labels(prefix: str, numbers, width: int = 0, suffix: str = "") -> pl.Series:
    """Numbers as text, zero-filled to `width`, between prefix and suffix."""
    return prefix + pl.Series(numbers).cast(pl.String).str.zfill(width) + suffix


def money(cents) -> pl.Series:
    """Cents, none of them negative, as text with two decimals."""
    units, rest = np.divmod(np.asarray(cents, dtype=np.int64), 100)
    return pl.Series(units).cast(pl.String) + labels(".", rest, 2)


def instants(local, is_offset=None) -> pl.Series:
    """Local seconds as ISO text in UTC with Z, or local with +08:00 where asked."""
    offset = np.zeros(len(local), int) if is_offset is None else is_offset.astype(int)
    seconds = np.asarray(local) - ZONE_OFFSET * (1 - offset)
    times = pl.Series(seconds * 1_000_000).cast(pl.Datetime("us"))
    return times.dt.strftime("%Y-%m-%dT%H:%M:%S") + pick(["Z", "+08:00"], offset)


# ---------- calendar


def add_months(start: date, months: int) -> date:
    """The same day `months` later, or the last day of that month."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last))


def read_calendar(start: date, end: date, path: Path) -> dict:
    """Weights of the days `start`..`end` (exclusive): joining, and moving in a week."""
    first, stop = np.datetime64(start).astype(int), np.datetime64(end).astype(int)
    first_monday = first - (first + 3) % 7  # day 0, 1970-01-01, was a Thursday
    days = np.arange(first_monday, stop + (-stop - 3) % 7)
    weight = WEEKDAYS[(days + 3) % 7] * ((days >= first) & (days < stop))
    is_peak, is_rush = np.zeros(days.size, bool), np.zeros(days.size, bool)
    for row in pl.read_csv(path, infer_schema=False).iter_rows(named=True):
        begin, last = np.datetime64(row["start_date"]), np.datetime64(row["end_date"])
        inside = (days >= begin.astype(int)) & (days <= last.astype(int))
        factor = HOLIDAY_WEIGHTS.get(row["holiday_name"], 1.0)
        weight[inside] *= factor
        is_peak |= inside & (factor > 1)
    dates = days.astype("datetime64[D]")
    for month_day, factor in RUSH_DAYS.items():
        is_day = np.char.endswith(np.datetime_as_string(dates), month_day)
        weight[is_day] *= factor
        is_rush |= is_day
    months = dates.astype("datetime64[M]").astype(int) % 12
    growth = 1 + YEARLY_GROWTH * (days - first) / 365
    return {
        "first_day": int(days[0]),
        "start": int(first),
        "end": int(stop) * DAY,
        "join": weight * MONTHS[months] * growth,
        "week": weight.reshape(-1, 7),
        "is_peak": is_peak,
        "is_rush": is_rush,
    }


def draw_seconds(rng, calendar: dict, days: np.ndarray) -> np.ndarray:
    """A local second for each day, by the hour pattern."""
    hour = choose(rng, HOURS, days.size)
    rush = calendar["is_rush"][days - calendar["first_day"]]
    hour[rush & (rng.random(days.size) < MIDNIGHT_RUSH)] = 0
    return days * DAY + hour * HOUR + rng.integers(0, HOUR, days.size)


# ---------- customers and their purchases


def draw_customers(rng, calendar: dict, first: int, size: int, is_clean: bool) -> dict:
    """`size` customers from number `first` on: who they are and their true process.

    Those of a clean shop have an account and an e-mail each.
    """
    person = np.arange(first, first + size)
    market = choose(rng, MARKET_SHARES, size)
    joined = calendar["first_day"] + choose(rng, calendar["join"], size)
    favourites = [product[3] for product in PRODUCTS]
    first_product = choose(rng, favourites, size)
    # A few Hong Kong customers are a mainland customer under the same e-mail.
    is_twin = (market == 1) & (rng.random(size) < 0.1) & (np.roll(market, 1) != 1)
    is_twin[0] = False
    identity = choose(rng, IDENTITY_SHARES, size)
    if is_clean:
        identity[:], is_twin[:] = ACCOUNT, False
    return {
        "person": person,
        "mail": person - is_twin,
        "market": market,
        "identity": identity,
        "channel": choose_by_row(rng, CHANNEL_SHARES, market),
        "joined_at": draw_seconds(rng, calendar, joined),
        "first_product": first_product,
        "rate": rng.standard_gamma(PROCESS["r"], size) / PROCESS["alpha"],
        "dropout": rng.beta(PROCESS["a"], PROCESS["b"], size),
    }


def draw_purchases(rng, calendar: dict, customers: dict) -> tuple[dict, np.ndarray]:
    """Purchases up to the end by customer and time, and who is alive at the end."""
    size = customers["rate"].size
    scale = WEEK / np.maximum(customers["rate"], 1e-12)
    now = customers["joined_at"].astype(float)
    is_alive = rng.random(size) >= customers["dropout"]
    active = np.flatnonzero(is_alive)
    owners, times = [np.arange(size)], [customers["joined_at"]]
    while active.size:
        now[active] += rng.standard_exponential(active.size) * scale[active]
        active = active[now[active] < calendar["end"]]
        owners.append(active)
        times.append(now[active].astype(np.int64))
        stays = rng.random(active.size) >= customers["dropout"][active]
        is_alive[active[~stays]] = False
        active = active[stays]
    owner, repeats = np.concatenate(owners), np.concatenate(times[1:] or [[]])
    days = move_in_week(rng, calendar, customers, owner[size:], repeats // DAY)
    time = np.r_[times[0], draw_seconds(rng, calendar, days.astype(np.int64))]
    order = np.lexsort((time, owner))
    return {"customer": owner[order], "time": time[order]}, is_alive


def move_in_week(rng, calendar, customers, owner, days) -> np.ndarray:
    """Days of repeat purchases moved within their week, but not in the first one."""
    offset = days.astype(np.int64) - calendar["first_day"]
    joined = customers["joined_at"][owner] // DAY - calendar["first_day"]
    moved = offset // 7 * 7 + choose_by_row(rng, calendar["week"], offset // 7)
    is_first_week = offset // 7 == joined // 7
    return calendar["first_day"] + np.where(is_first_week, offset, moved)


# ---------- orders


def draw_orders(rng, calendar, customers, purchases, share, counts) -> dict:
    """Purchases and all orders on top of them, by time; `share` gives rare counts."""
    size = purchases["time"].size
    is_first = np.diff(purchases["customer"], prepend=-1) != 0
    base = purchases | {"is_first": is_first, "kind": np.full(size, PURCHASE)}
    start, last = calendar["start"] * DAY, calendar["end"] - 1

    def extra(name: str, kind: int, earliest: int, latest: int) -> dict:
        rows = take(base, rng.choice(size, min(share(name), size)))
        rows["time"] = rows["time"] + rng.integers(earliest, latest, rows["time"].size)
        rows["time"] = np.clip(rows["time"], start, last)
        rows["kind"] = np.full(rows["time"].size, kind)
        rows["is_first"] = np.zeros(rows["time"].size, bool)
        counts["orders"][name] += rows["time"].size
        return rows

    same_day = extra("same_day", PURCHASE, 0, 1)
    same_day["time"] = draw_seconds(rng, calendar, same_day["time"] // DAY)
    called_off = extra("called_off", CALLED_OFF, -2 * DAY, HOUR)
    refunded = extra("fully_refunded", REFUNDED, -5 * DAY, 30 * DAY)
    guests, tests = extra("guest", GUEST, -WEEK, WEEK), extra("test", TEST, 0, DAY)
    guests["customer"][:], tests["customer"][:] = NOBODY, TESTER
    counts["orders"]["purchases_of_the_process"] += size
    accepted = size + same_day["time"].size + guests["time"].size
    counts["orders"]["purchases_in_all"] += accepted
    orders = stack([base, same_day, called_off, refunded, guests, tests])
    orders = take(orders, np.argsort(orders["time"], kind="stable"))
    size = orders["time"].size
    known, who = orders["customer"] >= 0, np.maximum(orders["customer"], 0)
    orders["market"] = np.where(known, customers["market"][who], 0)
    orders["identity"] = np.where(known, customers["identity"][who], -1)
    usual = rng.random(size) < 0.75
    drawn = choose_by_row(rng, CHANNEL_SHARES, orders["market"])
    orders["channel"] = np.where(known & usual, customers["channel"][who], drawn)
    orders["promo"] = draw_promos(rng, calendar, orders)
    orders["lines"] = 1 + choose(rng, LINES, size)
    return orders


def draw_promos(rng, calendar, orders: dict) -> np.ndarray:
    """The promotion of each order: welcome, peak days, and a few all year."""
    size = orders["time"].size
    days = orders["time"] // DAY - calendar["first_day"]
    at = rng.random(size)
    promo = np.full(size, NO_PROMO)
    for kind, below in [(SAVE, 0.19), (MEMBER, 0.13), (VIP, 0.08), (GIFT, 0.001)]:
        promo[at < below] = kind
    promo[calendar["is_peak"][days] & (at > 0.4)] = PEAK
    promo[orders["is_first"] & (promo == VIP)] = NO_PROMO
    promo[orders["is_first"] & (at > 0.55)] = WELCOME
    # What was free cannot be refunded.
    promo[(promo == GIFT) & (orders["kind"] == REFUNDED)] = NO_PROMO
    return promo


def price_table() -> np.ndarray:
    """Unit prices in cents by market and product; USD always ends in .90."""
    yuan = np.array([round(product[2] * 100) for product in PRODUCTS])
    return np.stack([yuan, (yuan * 23 // 2000 + 1) * 100, (yuan // 600 + 1) * 100 - 10])


def draw_items(rng, customers: dict, orders: dict) -> dict:
    """The lines of all orders in order sequence: product, quantity, price, cents."""
    order = np.repeat(np.arange(orders["lines"].size), orders["lines"])
    starts = np.cumsum(orders["lines"]) - orders["lines"]
    number = np.arange(order.size) - starts[order] + 1
    owner = orders["customer"][order]
    category = np.array([product[1] for product in PRODUCTS])
    weights = [(category == home) * 1.0 for home in range(len(CATEGORIES))]
    weights.append((CATEGORY_SHARES / np.bincount(category))[category])
    first_product = customers["first_product"][np.maximum(owner, 0)]
    at_home = (owner >= 0) & (rng.random(order.size) < HOME_CATEGORY_SHARE)
    group = np.where(at_home, category[first_product], len(CATEGORIES))
    product = choose_by_row(rng, weights, group)
    opens = orders["is_first"][order] & (number == 1)
    product = np.where(opens, first_product, product)
    quantity = QUANTITIES[choose(rng, QUANTITY_SHARES, order.size)]
    price = price_table()[orders["market"][order], product]
    return {
        "order": order,
        "number": number,
        "product": product,
        "quantity": quantity,
        "price": price,
        "gross": quantity * price,
    }


def add_money(rng, orders: dict, items: dict) -> None:
    """Gross and discount of the orders, and discounts of the lines that have one."""
    size = orders["time"].size
    gross = np.bincount(items["order"], items["gross"], size).astype(np.int64)
    percent, amount = (np.array([promo[k] for promo in PROMOS]) for k in (1, 2))
    promo = orders["promo"]
    saves = (gross >= 9900) & (orders["market"] == 0)
    discount = (gross * percent[promo] + 50) // 100 + amount[promo] * saves
    orders["promo"] = np.where(discount > 0, promo, NO_PROMO)
    orders["gross"], orders["discount"] = gross, discount
    on_lines = (discount > 0) & (rng.random(size) < LINE_DISCOUNT_SHARE)
    orders["discounts_on_lines"] = on_lines
    shares = share_out(discount, items["gross"], items["order"])
    items["discount"] = np.where(on_lines[items["order"]], shares, -1)


def inject_warnings(rng, orders: dict, items: dict, each: int, counts) -> dict:
    """Some odd but usable purchases: no lines, sums that differ, too much discount."""
    plain = (orders["kind"] == PURCHASE) & (orders["market"] == 0)
    plain &= orders["gross"] > orders["discount"]
    chosen = rng.permutation(np.flatnonzero(plain))[: 3 * each]
    no_lines, differ, exceeds = (chosen[k::3] for k in range(3))
    orders["is_special"] = np.zeros(orders["time"].size, bool)
    orders["is_special"][chosen] = True
    orders["gross"][differ] += 500
    by_line = differ[orders["discounts_on_lines"][differ]]
    orders["gross"][by_line] -= 500  # here the lines' discounts differ instead
    orders["discount"][by_line] += 100
    orders["discount"][exceeds] = orders["gross"][exceeds] + 1000
    items["discount"][np.isin(items["order"], exceeds)] = -1
    for name, rows in zip(WARNINGS, (no_lines, differ, exceeds), strict=True):
        counts["warnings"][name] += rows.size
    return take(items, ~np.isin(items["order"], no_lines))


# ---------- refunds


def draw_refunds(rng, calendar, orders: dict, share, counts) -> dict:
    """Refund rows: partial, full, in two parts, late, and some without their order."""
    size = orders["time"].size
    net = orders["gross"] - orders["discount"]
    kind, last = orders["kind"], calendar["end"] - 1
    can = (kind == PURCHASE) & ~orders["is_special"] & (net >= 200)
    rate = RATES["partially_refunded"]
    partial = np.flatnonzero(can & (rng.random(size) < rate))
    full = np.flatnonzero((kind == REFUNDED) & (net > 0))
    order = np.r_[partial, full]
    is_full = kind[order] == REFUNDED
    percent = np.where(is_full, 100, rng.integers(10, 80, order.size))
    amount = net[order] * percent // 100
    days = rng.integers(2, 25, order.size)
    is_late = rng.random(order.size) < 0.15
    days[is_late] = rng.integers(60, 300, is_late.sum())
    time = orders["time"][order] + days * DAY + rng.integers(0, DAY, order.size)
    in_two = (rng.random(order.size) < 0.2) & (amount >= 2)
    first_part = np.where(in_two, amount * 2 // 5, amount)
    rows = stack(
        [
            {"order": order, "amount": first_part, "time": time},
            {"order": order, "amount": amount - first_part, "time": time + 3 * DAY},
        ]
    )
    rows["is_full"], rows["is_late"] = np.tile(is_full, 2), np.tile(is_late, 2)
    rows = take(rows, rows["amount"] > 0)
    # A full refund is over by the end; a partial one may still lie ahead, unwritten.
    rows["time"] = np.where(
        rows["is_full"], np.minimum(rows["time"], last), rows["time"]
    )
    rows = take(rows, rows["time"] <= last)
    counts["refunds"]["full"] += int(rows["is_full"].sum())
    counts["refunds"]["partial"] += int((~rows["is_full"]).sum())
    counts["refunds"]["late"] += int(rows["is_late"].sum())
    rows["named"] = np.full(rows["order"].size, True)
    rows["known"] = np.full(rows["order"].size, True)
    loose = can & (orders["identity"] == ACCOUNT) & (net >= 5000)
    loose &= (orders["market"] == 0) & (orders["time"] < last - 40 * DAY)
    loose[rows["order"]] = False
    loose_rows = rng.permutation(np.flatnonzero(loose))
    parts = [rows]
    for name, known in [
        ("unreferenced_refund", True),
        ("unreferenced_refund_of_nobody", False),
    ]:
        chosen = loose_rows[: share(name)]
        loose_rows = loose_rows[chosen.size :]
        counts["refunds"][name] += chosen.size
        parts.append(
            {
                "order": chosen,
                "amount": rng.integers(500, 3000, chosen.size),
                "time": orders["time"][chosen]
                + rng.integers(5 * DAY, 40 * DAY, chosen.size),
                "is_full": np.zeros(chosen.size, bool),
                "is_late": np.zeros(chosen.size, bool),
                "named": np.zeros(chosen.size, bool),
                "known": np.full(chosen.size, known),
            }
        )
    rows = stack(parts)
    return take(rows, np.argsort(rows["time"], kind="stable"))


def add_status(rng, calendar, orders: dict, refunds: dict) -> None:
    """Status and time of the last change, as they stand at the end."""
    size, kind, time = orders["time"].size, orders["kind"], orders["time"]
    at = rng.random(size)
    status = np.full(size, STATUSES.index("completed"))
    status[at < 0.01] = STATUSES.index("Completed")  # as another system spells it
    recent = time > calendar["end"] - 10 * DAY
    for below, name in [(0.9, "shipped"), (0.4, "processing"), (0.15, "paid")]:
        status[recent & (at < below)] = STATUSES.index(name)
    back = refunds["order"][refunds["named"]]
    is_back = np.zeros(size, bool)
    is_back[back] = True
    status[is_back & (at > 0.4)] = STATUSES.index("partially_refunded")
    status[(kind == REFUNDED) & (at > 0.4)] = STATUSES.index("refunded")
    off = ["cancelled", "pending", "voided", "failed"]
    for below, name in zip([1, 0.5, 0.3, 0.2], off, strict=True):
        status[(kind == CALLED_OFF) & (at < below)] = STATUSES.index(name)
    status[kind == TEST] = STATUSES.index("test")
    changed = time + rng.integers(HOUR, 3 * DAY, size)
    np.maximum.at(changed, back, refunds["time"][refunds["named"]] + 60)
    orders["status"] = status
    orders["changed"] = np.maximum(np.minimum(changed, calendar["end"]), time + 60)


# ---------- rows of the files


def emails(numbers: np.ndarray) -> pl.Series:
    """The invented e-mail of a customer number."""
    return pick(NAMES, numbers % len(NAMES)) + labels("", numbers, 0, "@example.com")


def phones(numbers: np.ndarray) -> pl.Series:
    """The invented phone of a customer number; past 9999 it is too long to exist."""
    return labels("+86 139 0000 ", numbers, 4)


def customer_ids(numbers: np.ndarray) -> pl.Series:
    """The shop's customer id of a customer number."""
    return labels("C-", numbers, 5)


def order_rows(rng, customers: dict, orders: dict, ids, has_counter) -> pl.DataFrame:
    """The rows of `orders`; `has_counter`: some store orders carry its own phone."""
    who, identity = np.maximum(orders["customer"], 0), orders["identity"]
    market, shop = orders["market"], orders["market"] == 1
    at = rng.random((5, who.size))
    has_id = (identity == ACCOUNT) | ((identity == MIXED) & (at[0] < 0.6))
    has_mail = (identity == EMAIL_ONLY) | (identity == MIXED)
    has_mail |= (identity == ACCOUNT) & (at[1] < 0.35)
    has_phone = (identity == PHONE_ONLY) | ((identity == ACCOUNT) & (at[2] < 0.1))
    at_counter = (orders["channel"] == STORE) & ~shop & (at[2] > 0.8)
    at_counter &= np.isin(identity, [ACCOUNT, -1]) & (orders["kind"] != TEST)
    # Few people under it would be taken for one: then nobody gets it.
    if not has_counter or np.unique(who[at_counter]).size < 25:
        at_counter[:] = False
    is_test = pl.Series(orders["kind"] == TEST)
    loud = pl.Series(at[3] < 0.03)
    number = customers["person"][who]
    limit, fee = np.array(FREE_SHIPPING_FROM)[market], np.array(SHIPPING)[market]
    goods = np.maximum(orders["gross"] - orders["discount"], 0)
    promo = [coupon for coupon, _, _ in PROMOS]
    return pl.DataFrame(
        {
            "shop_id": pick(SHOPS, shop),
            "order_id": ids,
            "customer_id": only(customer_ids(number), has_id),
            "email": only(emails(customers["mail"][who]), has_mail),
            "phone": only(phones(number), has_phone),
            "ordered_at": instants(orders["time"], at[4] < 0.03),
            "time_zone": pick(ZONES, shop),
            "status": pick(STATUSES, orders["status"]),
            "currency": pick(CURRENCIES, market),
            "channel": pick(CHANNELS, orders["channel"]),
            "coupon_code": pick(promo, orders["promo"]),
            "country": pick(COUNTRIES, market),
            "gross_amount": money(orders["gross"]),
            "discount_amount": only(money(orders["discount"]), orders["discount"] > 0),
            "tax_amount": only(money((goods * 8 + 50) // 100), market == 2),
            "shipping_amount": money(fee * (orders["gross"] < limit)),
            "refund_amount": pick([], np.full(who.size, -1)),
            "updated_at": instants(orders["changed"]),
        }
    ).with_columns(
        customer_id=pl.when(is_test).then(pl.lit("TEST")).otherwise("customer_id"),
        email=pl.when(loud).then(pl.col("email").str.to_uppercase()).otherwise("email"),
        phone=pl.when(pl.Series(at_counter))
        .then(pl.lit(COUNTER_PHONE))
        .otherwise("phone"),
    )


def item_rows(items: dict, orders: dict, ids: pl.Series) -> pl.DataFrame:
    """The rows of `order_items`."""
    order = items["order"]
    return pl.DataFrame(
        {
            "shop_id": pick(SHOPS, orders["market"][order] == 1),
            "order_id": ids.gather(order),
            "line_number": labels("", items["number"]),
            "product_id": labels("SKU-", items["product"] + 1, 2),
            "product_name": pick([name for name, *_ in PRODUCTS], items["product"]),
            "quantity": labels("", items["quantity"]),
            "unit_price": money(items["price"]),
            "discount_amount": only(
                money(np.maximum(items["discount"], 0)), items["discount"] >= 0
            ),
            "updated_at": instants(orders["changed"][order]),
        }
    )


def refund_rows(rng, refunds: dict, orders: pl.DataFrame, first_id: int):
    """The rows of `refunds`, from the text rows of their orders."""
    rows, size = orders[refunds["order"]], refunds["order"].size
    named, known = refunds["named"], refunds["known"]
    # A refund without a time is read as the order's own, so it needs an order.
    has_time, has_currency = rng.random(size) > 0.02, rng.random(size) > 0.1
    return pl.DataFrame(
        {
            "shop_id": rows["shop_id"],
            "refund_id": labels("R-", first_id + np.arange(size)),
            "order_id": only(rows["order_id"], named),
            "customer_id": only(rows["customer_id"], known),
            "refunded_at": only(instants(refunds["time"]), has_time | ~named),
            "currency": only(rows["currency"], has_currency | ~named),
            "refund_amount": money(refunds["amount"]),
            "updated_at": instants(refunds["time"] + 60),
        }
    )


def product_rows(calendar: dict, quiet: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of `products` for both shops, and older versions of three a shop."""
    products = PRODUCTS[:-1]
    shop, number = np.divmod(np.arange(2 * len(products)), len(products))
    changed = instants(np.full(number.size, calendar["start"] * DAY))
    rows = pl.DataFrame(
        {
            "shop_id": pick(SHOPS, shop),
            "product_id": labels("SKU-", number + 1, 2),
            "product_name": pick([name for name, *_ in products], number),
            "category": pick(CATEGORIES, np.array([p[1] for p in products])[number]),
            "updated_at": changed,
        }
    )
    older = rows.filter(pl.Series(np.isin(number, [4, 20, 34]))).with_columns(
        product_name="Old " + pl.col("product_name"),
        category=pl.lit("Misc"),
        updated_at=pl.lit(quiet),
    )
    return rows, older


def customer_rows(rng, customers: dict, extra: np.ndarray) -> pl.DataFrame:
    """The rows of `customers`: who has an account, and `extra` who never bought."""
    holds = np.isin(customers["identity"], [ACCOUNT, MIXED])
    number = np.r_[customers["person"][holds], extra]
    mail = np.r_[customers["mail"][holds], extra]
    market = np.r_[customers["market"][holds], np.zeros(extra.size, int)]
    joined = customers["joined_at"]
    time = np.r_[joined[holds], rng.choice(joined, extra.size)]
    has_mail = np.r_[(customers["identity"] == MIXED)[holds], extra > 0]
    has_mail |= rng.random(number.size) < 0.9
    return pl.DataFrame(
        {
            "shop_id": pick(SHOPS, market == 1),
            "customer_id": customer_ids(number),
            "email": only(emails(mail), has_mail),
            "phone": only(phones(number), rng.random(number.size) < 0.5),
            "country": pick(COUNTRIES, market),
            "updated_at": instants(time),
        }
    )


def truth_rows(customers: dict, purchases: dict, is_alive) -> pl.DataFrame:
    """One row per customer: identity, true parameters, what the process did."""
    owner, day = purchases["customer"], purchases["time"] // DAY
    opens = np.diff(owner, prepend=-1) != 0
    is_new_day = opens | (np.diff(day, prepend=-1) != 0)
    last = purchases["time"][np.r_[np.flatnonzero(opens)[1:] - 1, owner.size - 1]]
    identity, number = customers["identity"], customers["person"]
    days = pl.Series(day[opens].astype(np.int32)).cast(pl.Date)
    return pl.DataFrame(
        {
            "person": number,
            "shop_id": pick(SHOPS, customers["market"] == 1),
            "customer_id": only(
                customer_ids(number), np.isin(identity, [ACCOUNT, MIXED])
            ),
            "email": only(emails(customers["mail"]), identity != PHONE_ONLY),
            "phone": only(phones(number), identity == PHONE_ONLY),
            "lambda_per_week": np.round(customers["rate"], 12),
            "dropout_probability": np.round(customers["dropout"], 12),
            "is_alive_at_end": is_alive,
            "dropped_out_at": only(instants(last), ~is_alive),
            "first_purchase_date": days.cast(pl.String),
            "purchases": np.bincount(owner),
            "purchase_days": np.bincount(owner, is_new_day).astype(np.int64),
        }
    )


# ---------- duplicates and broken rows


def add_versions(rng, rows: dict, orders: dict, quiet, share, customer_share, counts):
    """Older versions of orders, refunds and customers, and exact copies of orders."""
    size = orders["time"].size
    older = rng.permutation(size)[: share("older_version")]
    first_seen = instants(orders["time"][older])
    paid = orders["gross"][older] + 1000 * (rng.random(older.size) < 0.5)
    copies = rng.permutation(size)[: share("exact_duplicate")]
    extra = {
        "orders": [
            rows["orders"][older].with_columns(
                status=pl.lit("pending"),
                gross_amount=money(paid),
                updated_at=first_seen,
            ),
            rows["orders"][copies],
        ]
    }
    picked = rng.permutation(rows["refunds"].height)[: share("refund_older_version")]
    extra["refunds"] = [
        rows["refunds"][picked].with_columns(
            refund_amount=pl.lit("1.00"), updated_at=pl.lit(quiet)
        )
    ]
    wanted = customer_share("customer_older_version_per_customer")
    picked = rng.permutation(rows["customers"].height)[:wanted]
    extra["customers"] = [
        rows["customers"][picked].with_columns(
            country=pl.lit(None, pl.String), updated_at=pl.lit(quiet)
        )
    ]
    for entity, frames in extra.items():
        counts["superseded"][entity] += sum(frame.height for frame in frames)
        rows[entity] = pl.concat([rows[entity], *frames])


def add_faults(rng, rows: dict, orders: dict, first_id: int, end: str, each, counts):
    """`each` broken rows per reason code, made from copies of good rows."""
    plain = (orders["kind"] == PURCHASE) & (orders["market"] == 0)
    plain = rng.permutation(np.flatnonzero(plain & ~orders["is_special"]))
    if not each or not plain.size:
        return
    good = rows["orders"][np.resize(plain, each * len(FAULTS))]
    good = good.with_columns(new_id=labels("", first_id + np.arange(good.height)))
    made = {entity: [] for entity in rows}
    for k, (entity, reason, texts) in enumerate(FAULTS):
        if entity not in rows:
            continue
        order = good[k * each : (k + 1) * each]
        if entity == "orders":
            row = order.with_columns(order_id="new_id")
            if reason == "unknown_status":  # newer than the good row, and yet no match
                row = order.with_columns(updated_at=pl.lit(end))
        elif entity == "order_items":
            row = order.with_columns(
                line_number=pl.lit("99"),
                product_id=pl.lit("SKU-01"),
                product_name=pl.lit(PRODUCTS[0][0]),
                quantity=pl.lit("1"),
                unit_price=pl.lit("89.00"),
                discount_amount=pl.lit(None, pl.String),
            )
        elif entity == "refunds":
            row = order.with_columns(
                refund_id="RX-" + pl.col("new_id"),
                refunded_at="updated_at",
                refund_amount=pl.lit("5.00"),
            )
        else:
            row = rows[entity].head(each)
        if reason == "order_not_found":  # only a reader who drops zeros finds it
            row = row.with_columns(order_id="0" + pl.col("order_id"))
        for column, choices in texts.items():
            values = (choices * row.height)[: row.height]
            row = row.with_columns(pl.Series(column, values, pl.String))
        made[entity].append(row.select(rows[entity].columns))
        counts["rejected"][entity][reason] += row.height
    for entity, frames in made.items():
        rows[entity] = pl.concat([rows[entity], *frames])


# ---------- the shop


def rates_of(args: argparse.Namespace) -> dict[str, float]:
    """RATES, in a clean shop without those that a rule has to sort out."""
    kept = CLEAN_RATES if args.clean else RATES
    return {name: rate if name in kept else 0.0 for name, rate in RATES.items()}


def draw_batch(args, calendar: dict, number: int, state: dict, counts) -> tuple:
    """The rows of one batch of customers by entity, and their truth."""
    before = number * BATCH_CUSTOMERS
    after = min(before + BATCH_CUSTOMERS, args.customers)
    least = int(args.customers >= SMALLEST_INJECTED_SHOP and not args.clean)
    rates = rates_of(args)
    seeds = np.random.SeedSequence(args.seed, spawn_key=(number,))
    rng = np.random.Generator(np.random.PCG64(seeds))
    customers = draw_customers(rng, calendar, before + 1, after - before, args.clean)
    purchases, is_alive = draw_purchases(rng, calendar, customers)
    done = state["purchases"]
    state["purchases"] += len(purchases["time"])

    def share(name: str) -> int:
        return quota(rates[name], done, state["purchases"], least)

    def customer_share(name: str) -> int:
        return quota(rates[name], before, after, least)

    orders = draw_orders(rng, calendar, customers, purchases, share, counts)
    items = draw_items(rng, customers, orders)
    add_money(rng, orders, items)
    each = customer_share("each_warning_per_customer")
    items = inject_warnings(rng, orders, items, each, counts)
    refunds = draw_refunds(rng, calendar, orders, share, counts)
    add_status(rng, calendar, orders, refunds)

    ids = labels("", state["order_id"] + np.arange(len(orders["time"])))
    only_registered = customer_share("registered_only_per_customer")
    first_extra = args.customers + 1 + state["registered"]
    extra = first_extra + np.arange(only_registered)
    quiet, end = instants([(calendar["start"] - 30) * DAY, calendar["end"]])
    rows = {}
    rows["orders"] = order_rows(rng, customers, orders, ids, least)
    rows["order_items"] = item_rows(items, orders, ids)
    rows["refunds"] = refund_rows(rng, refunds, rows["orders"], state["refund_id"])
    rows["customers"] = customer_rows(rng, customers, extra)
    state["refund_id"] += rows["refunds"].height
    state["registered"] += only_registered
    if number == 0:
        rows["products"], older = product_rows(calendar, quiet)
        if not args.clean:
            rows["products"] = pl.concat([rows["products"], older])
            counts["superseded"]["products"] += older.height
    add_versions(rng, rows, orders, quiet, share, customer_share, counts)
    first_id = state["order_id"] + len(orders["time"])
    each = customer_share("each_fault_per_customer")
    add_faults(rng, rows, orders, first_id, end, each, counts)
    state["order_id"] = first_id + each * len(FAULTS)

    truth = truth_rows(customers, purchases, is_alive)
    repeats = int((truth["purchase_days"] > 1).sum())
    counts["customers"]["buyers"] += after - before
    counts["customers"]["with_two_purchase_days"] += repeats
    counts["customers"]["alive_at_end"] += int(is_alive.sum())
    counts["customers"]["registered_only"] += only_registered
    for entity, frame in rows.items():
        counts["rows"][entity] += frame.height
    return rows, truth


def write_rows(frame: pl.DataFrame, path: Path, part: int, form: str) -> None:
    """Append to `path`.csv, or write `path`-<part>.parquet; part 1 has the header."""
    if form == "csv":
        with open(f"{path}.csv", "ab") as file:
            frame.write_csv(file, include_header=part == 1)
    else:
        frame.write_parquet(f"{path}-{part:05d}.parquet")


def generate(args: argparse.Namespace) -> dict:
    """Write the shop into the empty folder `args.out`; return the counts.

    Raises FileExistsError when the folder holds anything, OSError and
    ValueError for files and dates that cannot be used.
    """
    end = add_months(args.start, args.months)
    calendar = read_calendar(args.start, end, HOLIDAYS)
    args.out.mkdir(parents=True, exist_ok=True)
    if any(args.out.iterdir()):
        raise FileExistsError(f"{args.out} is not empty; name a new or empty folder")
    if args.truth:
        (args.out / "truth").mkdir()
    state = {"purchases": 0, "order_id": 100_001, "refund_id": 1, "registered": 0}
    counts = {name: Counter() for name in ("rows", "orders", "customers", "refunds")}
    counts |= {"warnings": Counter(), "superseded": Counter()}
    counts["rejected"] = {entity: Counter() for entity, _, _ in FAULTS}
    batches = -(-args.customers // BATCH_CUSTOMERS)
    for number in range(batches):
        rows, truth = draw_batch(args, calendar, number, state, counts)
        for entity, frame in rows.items():
            path = args.out / f"{args.prefix}{entity}"
            write_rows(frame, path, number + 1, args.format)
        if args.truth:
            path = args.out / "truth" / "customers"
            write_rows(truth, path, number + 1, args.format)
        if batches > 1:
            done = f"batch {number + 1} of {batches}: {counts['rows']['orders']:,}"
            print(done, "orders", file=sys.stderr)
    if args.truth:
        parameters = describe(args, end, counts)
        text = json.dumps(parameters, indent=2, ensure_ascii=False) + "\n"
        (args.out / "truth" / "parameters.json").write_text(text, encoding="utf-8")
    return counts


def describe(args: argparse.Namespace, end: date, counts: dict) -> dict:
    """What truth/parameters.json says of the shop."""
    return {
        "arguments": {
            "customers": args.customers,
            "months": args.months,
            "seed": args.seed,
            "clean": args.clean,
            "start": args.start.isoformat(),
            "last_day": (end - timedelta(days=1)).isoformat(),
        },
        "process": {
            "model": "MBG/NBD",
            **PROCESS,
            "unit": "week",
            "lambda": "Gamma(shape r, rate alpha) purchases per week while alive",
            "dropout": "Beta(a, b) after each purchase, the first included",
        },
        "undistorted": [
            "season, growth, weekdays and peak days decide when customers join",
            "hours of the day move no purchase to another local day",
            "called off, fully refunded, test, guest and broken orders, and second "
            "orders of a day, come on top of the purchases of the process",
        ],
        "distorted": [
            "a repeat purchase is moved within its own Monday-to-Sunday week by the "
            "weights of weekdays, holidays and rush days, never in the week of the "
            "first purchase: at most six days",
            "purchases that meet on one local day count as one purchase day; "
            "truth/customers has both counts",
            "some Hong Kong customers carry the e-mail of a mainland customer: linked "
            "across shops the two are one, in truth/customers they are two",
        ],
        "rates": rates_of(args),
        "counts": counts,
        "versions": {"numpy": np.__version__, "polars": pl.__version__},
    }


def whole_number(least: int, most: int):
    """An argparse type: a whole number from `least` to `most`."""

    def parse(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a whole number from {least} to {most}"
            )
        return int(text)

    return parse


def start_day(text: str) -> date:
    """An argparse type: a day from 1971 to 2099 written yyyy-mm-dd."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not 1971 <= day.year <= 2099:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day like 2023-01-01")
    return day


def main(argv: list[str] | None = None) -> int:
    """Write the shop the arguments ask for; 0 when done, 1 when it cannot be."""
    summary, _, details = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        description=summary,
        epilog=details,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--customers", type=whole_number(1, 10**9), required=True, metavar="N")
    add("--months", type=whole_number(1, 600), required=True, metavar="M")
    add("--seed", type=whole_number(0, 2**63), required=True, metavar="S")
    add("--format", choices=["csv", "parquet"], default="csv")
    add("--out", type=Path, required=True, metavar="DIR", help="a new or empty folder")
    add("--start", type=start_day, default=date(2023, 1, 1), metavar="DATE")
    add("--prefix", default="", help="put before each file name")
    add("--clean", action="store_true", help="no duplicates, guests or broken rows")
    add("--no-truth", dest="truth", action="store_false", help="leave out truth/")
    args = parser.parse_args(argv)
    try:
        rows = generate(args)["rows"]
    except (OSError, ValueError, KeyError, pl.exceptions.PolarsError) as error:
        print(f"generate: {error}", file=sys.stderr)
        return 1
    print(", ".join(f"{n:,} {entity}" for entity, n in rows.items()), "in", args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
