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
    """Orders by day, refunds by their own day and by the day of what they undo."""
    net, back = pl.col("net_amount"), pl.col("refund_amount")
    first = pl.col("first_purchase_date")
    firsts = shop.customers.select("customer_key", "first_purchase_date")
    orders = shop.facts.join(firsts, on="customer_key", how="left")
    kinds = {
        "guest": pl.col("is_guest"),
        "new_customer": pl.col("order_date") == first,
        "returning_customer": pl.col("order_date") > first,
    }
    sold = orders.group_by(date_day="order_date").agg(
        pl.col("gross_amount", "discount_amount").sum(),
        orders=pl.len(),
        refund_amount_by_order_date=back.sum(),
        net_amount_by_order_date=net.sum(),
        **{f"{kind}_orders": holds.sum() for kind, holds in kinds.items()},
        **{f"{kind}_net_amount": net.filter(h).sum() for kind, h in kinds.items()},
    )
    is_first = pl.col("number") == 1
    people = shop.visits.group_by(date_day="day").agg(
        customers=pl.len(),
        new_customers=is_first.sum(),
        returning_customers=(~is_first).sum(),
    )
    till = (
        shop.refunds.filter(pl.col("refund_of").is_in(["purchase", "customer"]))
        .group_by(
            date_day=pl.max_horizontal("refund_date", pl.lit(shop.first_day, pl.Date))
        )
        .agg(refund_amount_by_refund_date=back.sum())
    )
    is_new = pl.col("booked_date") == first
    booked = (
        shop.booked.join(firsts, on="customer_key")
        .group_by(date_day="booked_date")
        .agg(
            refund_amount_by_order_date=back.sum(),
            net_amount_by_order_date=-back.sum(),
            new_customer_net_amount=-back.filter(is_new).sum(),
            returning_customer_net_amount=-back.filter(~is_new).sum(),
        )
    )
    days_sold = pl.DataFrame({"date_day": pl.Series(every_day(shop), dtype=pl.Date)})
    parts = pl.concat([sold, people, till, booked], how="diagonal_relaxed")
    added = parts.group_by("date_day").agg(pl.all().sum())
    return shop.stamp(
        days_sold.join(added, on="date_day", how="left").with_columns(
            pl.exclude("date_day").fill_null(0).cast(pl.Int64),
            currency=pl.lit(shop.v["reporting_currency"]),
        )
    )


def revenue_layer_cake(shop: Shop) -> pl.DataFrame:
    """Months by quarter of the first purchase, guests under None."""
    cell = ["month_start", "cohort_quarter"]
    layers = shop.customers.select(
        "customer_key",
        "first_purchase_date",
        cohort_quarter=pl.col("first_purchase_date").dt.truncate("1q"),
    )
    orders = shop.facts.join(layers, on="customer_key", how="left").group_by(
        pl.col("order_date").dt.truncate("1mo").alias("month_start"), "cohort_quarter"
    )
    bought = orders.agg(
        customers=pl.col("customer_key").n_unique(),
        orders=pl.len(),
        net_amount=pl.col("net_amount").sum(),
    )
    returned = (
        shop.booked.join(layers, on="customer_key")
        .group_by(
            pl.col("booked_date").dt.truncate("1mo").alias("month_start"),
            "cohort_quarter",
        )
        .agg(net_amount=-pl.col("refund_amount").sum())
    )
    sums = (
        pl.concat([bought, returned], how="diagonal_relaxed")
        .group_by(cell)
        .agg(pl.exclude(cell).sum())
    )
    months = (
        pl.DataFrame({"month_start": pl.Series(every_day(shop), dtype=pl.Date)})
        .select(pl.col("month_start").dt.truncate("1mo"))
        .unique()
    )
    begins = layers.group_by("cohort_quarter").agg(
        begin=pl.col("first_purchase_date").min().dt.truncate("1mo")
    )
    guests = bought.filter(pl.col("cohort_quarter").is_null()).select(
        "cohort_quarter", begin=pl.lit(shop.first_day, pl.Date).dt.truncate("1mo")
    )
    month, layer = pl.col("month_start"), pl.col("cohort_quarter")
    return shop.stamp(
        months.join(pl.concat([begins, guests.unique()]), how="cross")
        .filter(month >= pl.col("begin"))
        .join(sums, on=cell, how="left", nulls_equal=True)
        .with_columns(pl.col("customers", "orders", "net_amount").fill_null(0))
        .with_columns(
            customers=pl.when(layer.is_not_null()).then("customers"),
            is_complete=month.dt.month_end() <= pl.lit(shop.as_of, pl.Date),
        )
    )


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


def seasonality(shop: Shop, calendar: pl.DataFrame) -> pl.DataFrame:
    daily = {
        day: (orders, net)
        for day, orders, net in calendar.select(
            "date_day", "orders", "net_amount_by_order_date"
        ).iter_rows()
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
    counted = timed.group_by(pl.col("order_date").dt.weekday(), "order_hour").agg(
        orders=pl.len(), net=pl.col("net_amount").sum()
    )
    sold = {(day, hour): sums for day, hour, *sums in counted.iter_rows()}
    elapsed = defaultdict(int)
    for day in every_day(shop):
        elapsed[day.isoweekday()] += 1
    usual = Fraction(len(timed), 24 * sum(elapsed.values())) if elapsed else 0
    rows = []
    for weekday in range(1, 8) if len(timed) else ():
        for hour in range(24):
            (orders, net), passed = sold.get((weekday, hour), (0, 0)), elapsed[weekday]
            index = float(orders / (passed * usual)) if passed else None
            rows.append((weekday, hour, orders, net, passed, index, without))
    return shop.rows(
        "weekday hour orders net_amount elapsed_hours index orders_without_time",
        rows,
        index=DOUBLE,
    )


def value(shop: Shop) -> dict[str, pl.DataFrame]:
    calendar = calendar_revenue(shop)
    return {
        "calendar_revenue": calendar,
        "revenue_layer_cake": revenue_layer_cake(shop),
        "revenue_concentration": revenue_concentration(shop),
        "seasonality": seasonality(shop, calendar),
        "purchase_times": purchase_times(shop),
    }
