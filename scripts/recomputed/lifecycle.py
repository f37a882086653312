"""Growth, states, return and churn (decision 12).

Growth is accounted with sets of buyers per period, states by looking at every
customer at every month end, churn with the silence after every single purchase.
"""

import datetime
import math
from fractions import Fraction

import polars as pl
from recomputed.parts import DAY, PERIODS, Z, days, period, period_start, rate
from recomputed.shop import Shop
from recomputed.timing import (
    DOUBLE,
    THIN,
    curve,
    customer_gaps,
    cycle,
    cycles,
    usual_gaps,
)

NAMES = {
    "reactivated": "回流",
    "new": "新客",
    "active": "活跃",
    "at_risk": "预警",
    "lapsed": "沉睡",
    "lost": "流失",
}
YEAR = 365


# ---- growth ----


def growth_accounting(shop: Shop) -> pl.DataFrame:
    rows = []
    if not shop.visits.is_empty():
        for kind in PERIODS:
            rows.extend(growth_by(kind, shop))
    names = (
        "period_type period_start is_complete active new retained reactivated churned "
        "quick_ratio revenue new_revenue retained_revenue expansion_revenue "
        "contraction_revenue reactivated_revenue churned_revenue"
    )
    return shop.rows(
        names,
        rows,
        period_type=pl.String,
        period_start=pl.Date,
        is_complete=pl.Boolean,
        quick_ratio=DOUBLE,
    )


def growth_by(kind: str, shop: Shop):
    spent: dict[int, dict[int, int]] = {}
    firsts: dict[int, int] = {}
    visits = shop.visits.select("customer_key", period(pl.col("day"), kind), "net")
    for customer, number, net in visits.iter_rows():
        own = spent.setdefault(number, {})
        own[customer] = own.get(customer, 0) + net
        firsts[customer] = min(number, firsts.get(customer, number))
    last = shop.number(shop.as_of, kind)
    before: dict[int, int] = {}
    for number in range(min(spent), last + 1):
        now = spent.get(number, {})
        new = {c for c in now if firsts[c] == number}
        retained = now.keys() & before.keys()
        back = now.keys() - new - retained
        gone = before.keys() - now.keys()
        start, following = (
            pl.select(period_start(pl.lit(n), kind)).item()
            for n in (number, number + 1)
        )
        over = following - DAY <= shop.as_of
        change = [now[c] - before[c] for c in retained]
        yield (
            kind,
            start,
            over,
            len(now),
            len(new),
            len(retained),
            len(back),
            len(gone) if over else None,
            (len(new) + len(back)) / len(gone) if over and gone else None,
            sum(now.values()),
            sum(now[c] for c in new),
            sum(now[c] for c in retained),
            sum(x for x in change if x > 0) if over else None,
            -sum(x for x in change if x < 0) if over else None,
            sum(now[c] for c in back),
            sum(before[c] for c in gone) if over else None,
        )
        before = now


# ---- states ----


def state(v: dict) -> pl.Expr:
    """The state by `number`, `before` (the last gap) and `recency`."""
    recency = pl.col("recency")
    recent = recency <= v["active_days"]
    return (
        pl.when(recent & (pl.col("before") > v["lapse_days"]))
        .then(pl.lit("reactivated"))
        .when(recent & (pl.col("number") == 1))
        .then(pl.lit("new"))
        .when(recent)
        .then(pl.lit("active"))
        .when(recency <= v["lapse_days"])
        .then(pl.lit("at_risk"))
        .when(recency <= v["lost_days"])
        .then(pl.lit("lapsed"))
        .otherwise(pl.lit("lost"))
    )


def states_on(shop: Shop, day: datetime.date) -> pl.DataFrame:
    """The state of everybody who had bought by a day."""
    return (
        shop.visits.filter(pl.col("day") <= day)
        .sort("number")
        .unique("customer_key", keep="last", maintain_order=True)
        .with_columns(recency=days(pl.lit(day), pl.col("day")))
        .select("customer_key", "before", "recency", state=state(shop.v))
    )


def customer_lifecycle(shop: Shop) -> pl.DataFrame:
    known = cycles(shop)
    states = states_on(shop, shop.as_of) if shop.as_of else None
    rows = []
    for customer, before, recency, name in states.iter_rows() if shop.as_of else []:
        own = known[customer]
        rows.append(
            (
                customer,
                name,
                NAMES[name],
                before,
                recency,
                recency > shop.v["lapse_days"],
                None if own is None else recency > 3 * own,
            )
        )
    names = (
        "customer_key lifecycle_state lifecycle_state_zh previous_gap_days "
        "recency_days is_churned_fixed is_churned_cycle"
    )
    return shop.rows(
        names,
        rows,
        lifecycle_state=pl.String,
        lifecycle_state_zh=pl.String,
        is_churned_fixed=pl.Boolean,
        is_churned_cycle=pl.Boolean,
    )


def lifecycle_transitions(shop: Shop) -> pl.DataFrame:
    rows, before = [], {}
    for start, end in shop.whole_months:
        now = dict(states_on(shop, end).select("customer_key", "state").iter_rows())
        counts: dict[tuple[str, str], int] = {}
        for customer, name in now.items():
            pair = (before.get(customer, "none"), name)
            counts[pair] = counts.get(pair, 0) + 1
        rows.extend((start, *pair, n) for pair, n in counts.items())
        before = now
    return shop.rows(
        "month_start from_state to_state customers",
        rows,
        month_start=pl.Date,
        from_state=pl.String,
        to_state=pl.String,
    )


# ---- return ----


def reactivations(shop: Shop) -> pl.DataFrame:
    back = shop.visits.filter(pl.col("before") > shop.v["lapse_days"])
    customer = "customer_key"
    money = pl.concat(
        [
            shop.visits.select(customer, when="day", net="net"),
            shop.booked.select(
                customer, when="booked_date", net=-pl.col("refund_amount")
            ),
        ]
    ).join(back.select(customer, "day"), on=customer)
    earlier = pl.col("when") < pl.col("day")
    worth = money.group_by(customer, "day").agg(
        net_amount_before=pl.col("net").filter(earlier).sum(),
        net_amount_after=pl.col("net").filter(~earlier).sum(),
    )
    first_orders = (
        shop.known.sort("order_number")
        .unique([customer, "order_date"], keep="first", maintain_order=True)
        .join(shop.leading, on="order_key", how="left")
        .select(customer, "channel", "coupon_code", "category", day="order_date")
    )
    totals = shop.visits.group_by(customer).agg(total=pl.len())
    return shop.stamp(
        back.join(worth, on=[customer, "day"])
        .join(first_orders, on=[customer, "day"])
        .join(totals, on=customer)
        .with_columns(
            reactivated_on="day",
            gap_days="before",
            purchases_before=pl.col("number") - 1,
            purchases_after=pl.col("total") - pl.col("number") + 1,
        )
    )


# ---- churn ----


def return_probability(shop: Shop, whole, silence: int) -> float | None:
    """Of a purchase in the year after a silence; None where too few were seen."""
    if whole.seen(silence + YEAR) < THIN or whole.after(silence) == 0:
        return None
    return 1 - whole.after(silence + YEAR) / whole.after(silence)


def suggested_limit(shop: Shop, whole) -> int | None:
    """The first silence after which fewer than a tenth come back in a year."""
    for silence in range(int(whole.days.max()) + 1 if len(whole.days) else 0):
        chance = return_probability(shop, whole, silence)
        if chance is not None and chance < 0.1:
            return silence
    return None


def lifecycle_limits(shop: Shop) -> pl.DataFrame:
    whole = curve(shop.visits)
    rows = []
    for name in ("active", "lapse", "lost"):
        silence = shop.v[f"{name}_days"]
        found = suggested_limit(shop, whole) if name == "lapse" else None
        rows.append((name, silence, return_probability(shop, whole, silence), found))
    return shop.rows(
        "limit_name days_in_use return_probability_365d suggested_days",
        rows,
        limit_name=pl.String,
        return_probability_365d=DOUBLE,
    )


def silences(shop: Shop) -> dict[str, pl.DataFrame]:
    """For each definition the visits with `limit`, NULL where it says nothing."""
    visits = shop.visits
    found = {"fixed": pl.lit(shop.v["lapse_days"], pl.Int64)}
    suggested = suggested_limit(shop, curve(visits))
    if suggested is not None:
        found["suggested"] = pl.lit(suggested, pl.Int64)
    gaps, prior = customer_gaps(shop), shop.v["cycle_prior_gaps"]
    usual = usual_gaps(shop, gaps)
    limits = []
    for customer, number in visits.select("customer_key", "number").iter_rows():
        own = cycle(gaps[customer][: number - 1], usual[customer], prior)
        limits.append(None if own is None else math.floor(3 * own))
    found["cycle"] = pl.Series(limits, dtype=pl.Int64)
    return {name: visits.with_columns(limit=limit) for name, limit in found.items()}


def churn_rates(shop: Shop) -> pl.DataFrame:
    rows = []
    months = shop.whole_months[1:]
    for definition, visits in silences(shop).items() if months else ():
        alarm, following = pl.col("alarm"), pl.col("next")
        marked = visits.drop_nulls("limit").with_columns(
            alarm=pl.col("day") + pl.duration(days=pl.col("limit") + 1)
        )
        rings = following.is_null() | (alarm < following)
        for start, end in months:
            eve = pl.lit(start - DAY)
            present = marked.filter(
                (pl.col("day") <= eve)
                & (alarm > eve)
                & (following.is_null() | (following > eve))
            )
            churned = (
                marked.filter(rings & alarm.is_between(start, end))
                .join(present, on="customer_key", how="semi")
                .sort("alarm")
                .unique("customer_key", keep="first", maintain_order=True)
                .with_columns(deadline=alarm + pl.duration(days=YEAR))
            )
            late = churned["deadline"].max()
            rows.append(
                (
                    start,
                    definition,
                    len(present),
                    len(churned),
                    churned.filter(following <= pl.col("deadline")).height,
                    late is None or late <= shop.as_of,
                )
            )
    return shop.rows(
        "month_start definition customers_at_start churned came_back_within_365d "
        "is_mature",
        rows,
        month_start=pl.Date,
        definition=pl.String,
        is_mature=pl.Boolean,
    ).with_columns(
        *rate("churned", "customers_at_start", "churn_rate", "churn_ci"),
        *rate(
            "came_back_within_365d",
            "churned",
            "false_alarm_rate",
            "false_alarm_ci",
            given=pl.col("is_mature"),
        ),
    )


def churn_drivers(shop: Shop) -> pl.DataFrame:
    limit = shop.v["lapse_days"]
    old = {
        customer: recency > limit
        for customer, tenure, recency in shop.customers.select(
            "customer_key", "tenure_days", "recency_days"
        ).iter_rows()
        if tenure > limit
    }
    everybody = [sum(old.values()), len(old) - sum(old.values())]
    rows = []
    for feature, labels in shop.attributes.items():
        counts: dict[str, list[int]] = {}
        for customer, value in labels.items():
            if customer in old:
                counts.setdefault(value, [0, 0])[0 if old[customer] else 1] += 1
        for value, (lapsed, retained) in counts.items():
            odds = odds_ratio(
                lapsed, retained, everybody[0] - lapsed, everybody[1] - retained
            )
            total = lapsed + retained
            rows.append((feature, value, total, lapsed, retained, *odds))
    names = "feature value customers lapsed retained odds_ratio ci_low ci_high"
    texts = dict.fromkeys(["feature", "value"], pl.String)
    doubles = dict.fromkeys(["odds_ratio", "ci_low", "ci_high"], DOUBLE)
    return shop.rows(names, rows, **texts, **doubles).with_columns(
        rate("lapsed", "customers", "lapsed_rate", "lapsed_ci")
    )


def odds_ratio(*counts: int) -> tuple:
    """Odds ratio and Woolf's interval; three times None where there are no others."""
    if counts[2] + counts[3] == 0:
        return None, None, None
    add = Fraction(1, 2) if 0 in counts else 0
    a, b, c, d = (n + add for n in counts)
    odds = float(a * d / Fraction(b * c))
    error = math.sqrt(sum(1 / n for n in (a, b, c, d)))
    low, high = (math.exp(math.log(odds) + z * error) for z in (-Z, Z))
    return odds, low, high


def lifecycle(shop: Shop) -> dict[str, pl.DataFrame]:
    return {
        "growth_accounting": growth_accounting(shop),
        "customer_lifecycle": customer_lifecycle(shop),
        "lifecycle_transitions": lifecycle_transitions(shop),
        "reactivations": reactivations(shop),
        "churn_rates": churn_rates(shop),
        "lifecycle_limits": lifecycle_limits(shop),
        "churn_drivers": churn_drivers(shop),
    }
