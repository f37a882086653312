"""Lifetime value, calendar revenue, concentration, season and habits (decision 13)."""

import datetime
from collections import defaultdict
from fractions import Fraction

import polars as pl
from recomputed.parts import DAY, days
from recomputed.shop import Shop
from recomputed.timing import DOUBLE

HORIZONS = [30, 90, 180, 365]
MONTHS = (
    "January February March April May June July August September October November "
    "December"
).split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()


def lifetime_values(shop: Shop) -> pl.DataFrame:
    """Customers with what they were worth by each horizon."""
    customer = "customer_key"
    money = pl.concat(
        [
            shop.known.select(customer, when="order_date", net="net_amount"),
            shop.booked.select(
                customer, when="booked_date", net=-pl.col("refund_amount")
            ),
        ]
    ).join(shop.customers.select(customer, "first_purchase_date"), on=customer)
    age = days(pl.col("when"), pl.col("first_purchase_date"))
    worth = money.group_by(customer).agg(
        pl.col("net").sum().alias("historic_clv"),
        *(
            pl.col("net").filter(age <= horizon).sum().alias(f"ltv_{horizon}d")
            for horizon in HORIZONS
        ),
    )
    over = {horizon: pl.col("tenure_days") >= horizon for horizon in HORIZONS}
    return shop.customers.join(worth, on=customer, how="left").with_columns(
        pl.when(holds).then(pl.col(f"ltv_{horizon}d")).alias(f"ltv_{horizon}d")
        for horizon, holds in over.items()
    )


# ---- by day and month ----


def every_day(shop: Shop) -> list[datetime.date]:
    if shop.first_day is None or shop.as_of is None:
        return []
    return [
        shop.first_day + n * DAY for n in range((shop.as_of - shop.first_day).days + 1)
    ]


def calendar_revenue(shop: Shop) -> pl.DataFrame:
    """One walk over orders and refunds, added up by day."""
    sums = {day: defaultdict(int) for day in every_day(shop)}
    firsts = dict(
        shop.customers.select("customer_key", "first_purchase_date").iter_rows()
    )
    buyers: dict[datetime.date, set] = defaultdict(set)
    wanted = ["order_date", "customer_key", "gross_amount", "discount_amount"]
    for day, customer, gross, discount, refund, net in shop.facts.select(
        *wanted, "refund_amount", "net_amount"
    ).iter_rows():
        own = sums[day]
        kind = "guest" if customer is None else "returning_customer"
        if customer is not None and firsts[customer] == day:
            kind = "new_customer"
        if customer is not None:
            buyers[day].add(customer)
        own["orders"] += 1
        own[f"{kind}_orders"] += 1
        own[f"{kind}_net_amount"] += net
        own["gross_amount"] += gross
        own["discount_amount"] += discount
        own["refund_amount_by_order_date"] += refund
        own["net_amount_by_order_date"] += net
    for of, customer, paid, booked, amount in shop.refunds.select(
        "refund_of", "customer_key", "refund_date", "booked_date", "refund_amount"
    ).iter_rows():
        if of in ("purchase", "customer"):
            till = sums[max(paid, shop.first_day)]
            till["refund_amount_by_refund_date"] += amount
        if of == "customer":
            kind = "new" if firsts[customer] == booked else "returning"
            own = sums[booked]
            own["refund_amount_by_order_date"] += amount
            own["net_amount_by_order_date"] -= amount
            own[f"{kind}_customer_net_amount"] -= amount
    for day, own in sums.items():
        new = sum(firsts[customer] == day for customer in buyers[day])
        own["customers"], own["new_customers"] = len(buyers[day]), new
        own["returning_customers"] = len(buyers[day]) - new
    names = (
        "orders customers new_customers returning_customers new_customer_orders "
        "returning_customer_orders guest_orders gross_amount discount_amount "
        "refund_amount_by_refund_date refund_amount_by_order_date "
        "net_amount_by_order_date new_customer_net_amount "
        "returning_customer_net_amount guest_net_amount"
    )
    rows = [(day, *(own[name] for name in names.split())) for day, own in sums.items()]
    currency = pl.lit(shop.v["reporting_currency"]).alias("currency")
    days_sold = shop.rows(f"date_day {names}", rows, date_day=pl.Date)
    return days_sold.with_columns(currency)


def revenue_layer_cake(shop: Shop) -> pl.DataFrame:
    """Months by quarter of the first purchase, guests under None."""
    firsts = dict(
        shop.customers.select("customer_key", "first_purchase_date").iter_rows()
    )
    quarters = {customer: quarter(day) for customer, day in firsts.items()}
    buyers, orders, net = defaultdict(set), defaultdict(int), defaultdict(int)
    for customer, day, amount in shop.facts.select(
        "customer_key", "order_date", "net_amount"
    ).iter_rows():
        cell = (day.replace(day=1), quarters.get(customer))
        buyers[cell].add(customer)
        orders[cell] += 1
        net[cell] += amount
    for customer, day, amount in shop.booked.select(
        "customer_key", "booked_date", "refund_amount"
    ).iter_rows():
        net[day.replace(day=1), quarters[customer]] -= amount
    months = sorted({day.replace(day=1) for day in every_day(shop)})
    begins = {layer: months[0] for _, layer in orders if layer is None}
    for customer, day in firsts.items():
        layer, month = quarters[customer], day.replace(day=1)
        begins[layer] = min(month, begins.get(layer, month))
    rows = []
    for month in months:
        over = (month + 31 * DAY).replace(day=1) - DAY <= shop.as_of
        for layer, begin in begins.items():
            cell = (month, layer)
            if month >= begin:
                people = None if layer is None else len(buyers[cell])
                rows.append((*cell, over, people, orders[cell], net[cell]))
    return shop.rows(
        "month_start cohort_quarter is_complete customers orders net_amount",
        rows,
        month_start=pl.Date,
        cohort_quarter=pl.Date,
        is_complete=pl.Boolean,
    )


def quarter(day: datetime.date) -> datetime.date:
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


# ---- concentration ----


def value_deciles(shop: Shop) -> dict[int, int]:
    """Decile by net amount, 1 the best; equal amounts share their best rank."""
    values = sorted(shop.customers["net_amount"].to_list(), reverse=True)
    best = {value: place for place, value in reversed(list(enumerate(values)))}
    return {value: place * 10 // len(values) + 1 for value, place in best.items()}


def revenue_concentration(shop: Shop) -> pl.DataFrame:
    values = sorted(shop.customers["net_amount"].to_list())
    n, total = len(values), sum(values)
    counts, sums = defaultdict(int), defaultdict(int)
    for place, value in enumerate(reversed(values)):
        counts[place * 10 // n + 1] += 1
        sums[place * 10 // n + 1] += value
    gini = None
    if total > 0:
        weighted = sum(rank * value for rank, value in enumerate(values, 1))
        gini = float(Fraction(2 * weighted, n * total) - Fraction(n + 1, n))
    rows, reached = [], 0
    for decile in range(1, 11) if n else ():
        reached += sums[decile]
        shares = (sums[decile] / total, reached / total) if total > 0 else (None, None)
        rows.append((decile, counts[decile], sums[decile], *shares, gini))
    doubles = dict.fromkeys(["revenue_share", "cumulative_share", "gini"], DOUBLE)
    return shop.rows(
        "decile customers net_amount revenue_share cumulative_share gini",
        rows,
        **doubles,
    )


# ---- season ----


def moving_average(values: list[int], width: int) -> list[Fraction | None]:
    """Centred; of an even width both ends count half. None where it is cut off."""
    half = width // 2
    weights = [Fraction(1, width)] * (2 * half + 1)
    if width % 2 == 0:
        weights[0] = weights[-1] = Fraction(1, 2 * width)
    return [
        sum(
            w * x for w, x in zip(weights, values[i - half : i + half + 1], strict=True)
        )
        if half <= i < len(values) - half
        else None
        for i in range(len(values))
    ]


def seasonal(values: list[int], names: list[int], width: int):
    """Of each period: its scaled index and how many cycles it is the mean of."""
    ratios: dict[int, list[Fraction]] = defaultdict(list)
    for value, name, usual in zip(
        values, names, moving_average(values, width), strict=True
    ):
        if usual is not None and usual > 0:
            ratios[name].append(value / usual)
    means = {name: float(sum(own) / len(own)) for name, own in ratios.items()}
    level = sum(means.values()) / len(means) if means else 0
    return {
        name: (mean / level if level > 0 else None, len(ratios[name]))
        for name, mean in means.items()
    }


def seasonality(shop: Shop) -> pl.DataFrame:
    daily = {
        day: (orders, net)
        for day, orders, net in calendar_revenue(shop)
        .select("date_day", "orders", "net_amount_by_order_date")
        .iter_rows()
        if day >= shop.observed
    }
    monthly: dict[datetime.date, list[int]] = {}
    for day in daily:
        start = day.replace(day=1)
        end = (start + 31 * DAY).replace(day=1) - DAY
        if start in daily and end in daily:
            whole = monthly.setdefault(start, [0, 0])
            whole[0] += daily[day][0]
            whole[1] += daily[day][1]
    months = "under_24_months" if len(monthly) < 24 else None
    weeks = "under_2_cycles" if len(daily) < 14 else None
    rows = [
        *seasons("month", MONTHS, monthly, lambda day: day.month, 12, months),
        *seasons("weekday", WEEKDAYS, daily, lambda day: day.isoweekday(), 7, weeks),
        *festivals(shop, daily, months),
    ]
    names = (
        "period_type period period_name index net_amount_index orders net_amount "
        "cycles_used reason"
    )
    texts = dict.fromkeys(["period_type", "period_name", "reason"], pl.String)
    doubles = dict.fromkeys(["index", "net_amount_index"], DOUBLE)
    return shop.rows(names, rows, **texts, **doubles)


def seasons(kind, period_names, series, of, width, reason):
    names = [of(day) for day in series]
    orders, money = ([row[i] for row in series.values()] for i in (0, 1))
    by_orders, by_money = (seasonal(values, names, width) for values in (orders, money))
    for period, period_name in enumerate(period_names, 1):
        index, used = by_orders.get(period, (None, 0))
        net_index, _ = by_money.get(period, (None, 0))
        pairs = zip(series.values(), names, strict=True)
        own = [row for row, name in pairs if name == period]
        yield judged(
            (kind, period, period_name),
            (index, net_index),
            (sum(row[0] for row in own), sum(row[1] for row in own)),
            used,
            reason,
        )


def judged(key, indexes, sums, used, reason):
    """A row whose indexes are NULL where there is a reason."""
    if reason is None and indexes[0] is None:
        reason = "under_2_cycles"
    return (*key, *((None, None) if reason else indexes), *sums, used, reason)


def festivals(shop: Shop, daily: dict, reason: str | None):
    spans: dict[str, list] = defaultdict(list)
    for name, start, end in (
        shop.rules["holidays"]
        .select("holiday_name", "start_date", "end_date")
        .iter_rows()
    ):
        spans[name].append((start, end))
    festive = {
        start + n * DAY
        for own in spans.values()
        for start, end in own
        for n in range((end - start).days + 1)
    }
    for number, name in enumerate(sorted(spans), 1):
        ratios, sums = [[], []], [0, 0]
        for start, end in spans[name]:
            inside = [start + n * DAY for n in range((end - start).days + 1)]
            for day in inside:
                if day in daily:
                    sums[0] += daily[day][0]
                    sums[1] += daily[day][1]
            if start - 28 * DAY not in daily or end + 28 * DAY not in daily:
                continue
            around = [start - n * DAY for n in range(1, 29)]
            around += [end + n * DAY for n in range(1, 29)]
            around = [day for day in around if day not in festive]
            for i in (0, 1):
                usual = sum(daily[day][i] for day in around)
                if usual > 0:
                    here = Fraction(sum(daily[day][i] for day in inside), len(inside))
                    ratios[i].append(here * len(around) / usual)
        indexes = [float(sum(own) / len(own)) if own else None for own in ratios]
        used = len(ratios[0])
        few = reason or ("under_2_cycles" if used < 2 else None)
        yield judged(("holiday", number, name), indexes, sums, used, few)


# ---- habits ----


def purchase_times(shop: Shop) -> pl.DataFrame:
    timed = shop.facts.filter(pl.col("order_hour").is_not_null())
    without = len(shop.facts) - len(timed)
    orders, net = defaultdict(int), defaultdict(int)
    for day, hour, amount in timed.select(
        "order_date", "order_hour", "net_amount"
    ).iter_rows():
        orders[day.isoweekday(), hour] += 1
        net[day.isoweekday(), hour] += amount
    elapsed = defaultdict(int)
    for day in every_day(shop):
        elapsed[day.isoweekday()] += 1
    usual = Fraction(len(timed), 24 * sum(elapsed.values())) if elapsed else 0
    rows = []
    for weekday in range(1, 8) if len(timed) else ():
        for hour in range(24):
            cell, passed = (weekday, hour), elapsed[weekday]
            index = float(orders[cell] / (passed * usual)) if passed else None
            rows.append((*cell, orders[cell], net[cell], passed, index, without))
    return shop.rows(
        "weekday hour orders net_amount elapsed_hours index orders_without_time",
        rows,
        index=DOUBLE,
    )


def value(shop: Shop) -> dict[str, pl.DataFrame]:
    return {
        "calendar_revenue": calendar_revenue(shop),
        "revenue_layer_cake": revenue_layer_cake(shop),
        "revenue_concentration": revenue_concentration(shop),
        "seasonality": seasonality(shop),
        "purchase_times": purchase_times(shop),
    }
