"""Growth, states, return and churn (decision 12).

Growth is accounted customer by customer with the period before, states by looking at
every customer at every month end, churn with the silence after every single purchase.
"""

import datetime
import math
from fractions import Fraction

import polars as pl
from recomputed.parts import DAY, PERIODS, Z, days, period, period_start, quotient, rate
from recomputed.shop import Shop
from recomputed.timing import DOUBLE, THIN, curve, cycle, cycles, usual_gaps

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
    return shop.stamp(pl.concat(growth_by(kind, shop) for kind in PERIODS))


def growth_by(kind: str, shop: Shop) -> pl.DataFrame:
    here, number = "customer_key", pl.col("number")
    spent = shop.visits.group_by(here, number=period(pl.col("day"), kind)).agg(
        first=period(pl.col("first").min(), kind), now=pl.col("net").sum()
    )
    earlier = spent.select(here, number=number + 1, before="now")
    both = spent.join(earlier, on=[here, "number"], how="full", coalesce=True)
    now, before = pl.col("now"), pl.col("before")
    buys, bought = now.is_not_null(), before.is_not_null()
    is_new = buys & (pl.col("first") == number)
    retained, back, gone = buys & bought, buys & ~bought & ~is_new, ~buys & bought
    change = now - before
    counted = both.group_by("number").agg(
        active=buys.sum(),
        new=is_new.sum(),
        retained=retained.sum(),
        reactivated=back.sum(),
        churned=gone.sum(),
        revenue=now.sum(),
        new_revenue=now.filter(is_new).sum(),
        retained_revenue=now.filter(retained).sum(),
        expansion_revenue=change.filter(change > 0).sum(),
        contraction_revenue=-change.filter(change < 0).sum(),
        reactivated_revenue=now.filter(back).sum(),
        churned_revenue=before.filter(gone).sum(),
    )
    last = shop.number(shop.as_of, kind) if shop.as_of else 0
    first = spent["number"].min()
    numbers = range(last + 1 if first is None else first, last + 1)
    spine = pl.DataFrame({"number": pl.Series(numbers, dtype=pl.Int64)})
    over = period_start(number + 1, kind) <= pl.lit(shop.as_of, pl.Date) + DAY
    only_then = ("churned", "expansion_revenue", "contraction_revenue")
    return (
        spine.join(counted, on="number", how="left")
        .with_columns(pl.exclude("number").fill_null(0).cast(pl.Int64))
        .with_columns(
            pl.when(over).then(name).alias(name)
            for name in (*only_then, "churned_revenue")
        )
        .with_columns(
            period_type=pl.lit(kind),
            period_start=period_start(number, kind),
            is_complete=over,
            quick_ratio=quotient(
                pl.col("new") + pl.col("reactivated"), pl.col("churned")
            ),
        )
    )


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


def states_on(shop: Shop, day: datetime.date | None) -> pl.DataFrame:
    """The state of everybody who had bought by a day."""
    on, following = pl.lit(day, pl.Date), pl.col("next")
    return (
        shop.visits.filter(
            (pl.col("day") <= on) & (following.is_null() | (following > on))
        )
        .with_columns(recency=days(on, pl.col("day")))
        .select("customer_key", "before", "recency", state=state(shop.v))
    )


def customer_lifecycle(shop: Shop) -> pl.DataFrame:
    name, recency = pl.col("state"), pl.col("recency")
    states = states_on(shop, shop.as_of).join(cycles(shop), on="customer_key")
    return shop.stamp(states).with_columns(
        lifecycle_state=name,
        lifecycle_state_zh=name.replace_strict(NAMES, return_dtype=pl.String),
        previous_gap_days="before",
        recency_days=recency,
        is_churned_fixed=recency > shop.v["lapse_days"],
        is_churned_cycle=recency * pl.col("parts") > 3 * pl.col("cycle"),
    )


def lifecycle_transitions(shop: Shop) -> pl.DataFrame:
    before = states_on(shop, None).select("customer_key", from_state="state")
    months = [
        pl.DataFrame(
            schema={
                "month_start": pl.Date,
                **dict.fromkeys(["from_state", "to_state"], pl.String),
                "customers": pl.get_index_type(),
            }
        )
    ]
    for start, end in shop.whole_months:
        now = states_on(shop, end).select("customer_key", to_state="state")
        months.append(
            now.join(before, on="customer_key", how="left")
            .group_by(
                pl.lit(start).alias("month_start"),
                pl.col("from_state").fill_null("none"),
                "to_state",
            )
            .agg(customers=pl.len())
        )
        before = now.rename({"to_state": "from_state"})
    return shop.stamp(pl.concat(months))


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
        shop.known.join(
            back,
            left_on=[customer, "order_date"],
            right_on=[customer, "day"],
            how="semi",
        )
        .sort("order_number")
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
    # the gaps before each purchase
    so_far = pl.col("before").rolling_median(
        window_size=visits["number"].max() or 1, min_samples=1
    )
    days_of, parts = cycle(shop.v["cycle_prior_gaps"])
    visits = visits.join(
        usual_gaps(shop), on="customer_key", maintain_order="left"
    ).with_columns(gaps=pl.col("number") - 1, median=so_far.over("customer_key"))
    found["cycle"] = 3 * days_of // parts
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
    old = shop.customers.filter(pl.col("tenure_days") > limit).select(
        "customer_key", lapsed=pl.col("recency_days") > limit
    )
    everybody = [old["lapsed"].sum(), (~old["lapsed"]).sum()]
    rows = []
    for feature, labels in shop.attributes.items():
        counts = (
            labels.join(old, on="customer_key")
            .group_by("value")
            .agg(pl.col("lapsed").sum(), retained=(~pl.col("lapsed")).sum())
        )
        for value, lapsed, retained in counts.iter_rows():
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
        "churn_rates": churn_rates(shop),
        "lifecycle_limits": lifecycle_limits(shop),
        "churn_drivers": churn_drivers(shop),
    }
