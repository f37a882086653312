"""Gaps, curves, the purchase sequence and cycles (decision 10).

Survival is the plain product over risk sets; where a quantile is a close call, the
product is done again in whole numbers.
"""

import math
import statistics
from fractions import Fraction

import numpy as np
import polars as pl
from recomputed.parts import DAY, Z, days, rate, round_div
from recomputed.shop import Shop, share_at_most

STRATA = ["channel", "category", "discount"]
THIN = 30
DOUBLE = pl.Float64


class Curve:
    """Kaplan-Meier of waiting times, some of them still open."""

    def __init__(self, waits, closed):
        waits, closed = np.asarray(waits), np.asarray(closed, dtype=bool)
        ended, left = np.sort(waits[closed]), np.sort(waits[~closed])
        everything = np.sort(waits)
        self.days = np.union1d(everything, [0]) if len(waits) else everything
        self.at_risk = len(waits) - np.searchsorted(everything, self.days, "left")
        self.events = self.on_day(ended)
        self.censored = self.on_day(left)
        self.survival, self.hazard = [], []
        survival, hazard = 1.0, 0.0
        for n, d in zip(self.at_risk.tolist(), self.events.tolist(), strict=True):
            survival *= (n - d) / n
            hazard = hazard + d / (n * (n - d)) if n > d else math.inf
            self.survival.append(survival)
            self.hazard.append(hazard)

    def on_day(self, ordered) -> np.ndarray:
        upto = np.searchsorted(ordered, self.days, "right")
        return upto - np.searchsorted(ordered, self.days, "left")

    def exactly(self, place: int) -> Fraction:
        n, d = self.at_risk[: place + 1].tolist(), self.events[: place + 1].tolist()
        return Fraction(
            math.prod(a - b for a, b in zip(n, d, strict=True)), math.prod(n)
        )

    def at_most(self, place: int, level: Fraction) -> bool:
        near = abs(self.survival[place] - level) < 1e-9
        return (self.exactly(place) if near else self.survival[place]) <= level

    def first_at_most(self, percent: int) -> int | None:
        """First day on which survival is at or below a share; None where never."""
        level = Fraction(percent, 100)
        near = np.searchsorted(-np.array(self.survival), -percent / 100 - 1e-9)
        for place in range(near, len(self.days)):
            if self.at_most(place, level):
                return int(self.days[place])
        return None

    def after(self, day: int) -> float:
        """Survival at the end of a day."""
        place = np.searchsorted(self.days, day, "right") - 1
        return self.survival[place] if place >= 0 else 1.0

    def seen(self, day: int) -> int:
        """Waiting times that were at least that long."""
        place = np.searchsorted(self.days, day, "left")
        return int(self.at_risk[place]) if place < len(self.days) else 0

    def rows(self):
        """Day, counts, survival, repurchase, error, interval, thin tail."""
        for i, day in enumerate(self.days.tolist()):
            n, s, hazard = int(self.at_risk[i]), self.survival[i], self.hazard[i]
            error, low, high = None, None, None
            if hazard == 0:
                error, low, high = 0.0, 1.0, 1.0
            elif s > 0:
                error = s * math.sqrt(hazard)
                spread = Z * math.sqrt(hazard) / abs(math.log(s))
                low, high = s ** math.exp(spread), s ** math.exp(-spread)
            counts = (n, int(self.events[i]), int(self.censored[i]))
            yield (day, *counts, s, 1 - s, error, low, high, n < THIN)


def curve(visits: pl.DataFrame) -> Curve:
    return Curve(visits["wait"].to_numpy(), visits["closed"].to_numpy())


def by_number(visits: pl.DataFrame, most: int | None = None):
    """Pairs of purchase number and its visits, all together under None last."""
    for (number,), own in visits.partition_by("number", as_dict=True).items():
        if most is None or number <= most:
            yield number, own
    if len(visits):
        yield None, visits


def purchase_gaps(shop: Shop) -> pl.DataFrame:
    rows = []
    for number, visits in by_number(shop.visits):
        gaps = visits.filter("closed")["wait"].to_list()
        rows.append(
            (
                number,
                len(gaps),
                len(visits) - len(gaps),
                *(share_at_most(gaps, percent) for percent in (10, 25, 50, 75, 90)),
                sum(gaps) / len(gaps) if gaps else None,
                *(curve(visits).first_at_most(percent) for percent in (75, 50, 25)),
            )
        )
    names = "purchase_number gaps open_gaps p10 p25 p50 p75 p90 mean km_p25 km_p50"
    return shop.rows(f"{names} km_p75", rows, mean=DOUBLE)


def repurchase_curves(shop: Shop) -> pl.DataFrame:
    visits, most = shop.visits, shop.v["curve_purchase_numbers"]
    rows = []

    def add(kind, stratum, own, limit):
        for number, some in by_number(own, limit):
            rows.extend((number, kind, stratum, *row) for row in curve(some).rows())

    add("all", "all", visits, None)
    quarters = visits.with_columns(
        stratum=pl.col("first").dt.truncate("1q").cast(pl.String)
    )
    strata = {"cohort_quarter": quarters}
    for name in STRATA:
        labels = shop.attributes[name]
        keys = visits["customer_key"].to_list()
        if labels:
            strata[name] = visits.with_columns(
                stratum=pl.Series([labels[key] for key in keys], dtype=pl.String)
            )
    for kind, marked in strata.items():
        for (stratum,), own in marked.partition_by("stratum", as_dict=True).items():
            add(kind, stratum, own, most)
    names = (
        "purchase_number stratum_type stratum day at_risk events censored survival "
        "cumulative_repurchase standard_error ci_low ci_high is_thin_tail"
    )
    doubles = ["survival", "cumulative_repurchase", "standard_error"]
    curves = shop.rows(
        names,
        rows,
        stratum_type=pl.String,
        stratum=pl.String,
        **dict.fromkeys([*doubles, "ci_low", "ci_high"], DOUBLE),
        is_thin_tail=pl.Boolean,
    )
    return curves.with_columns(
        cumulative_ci_low=1 - pl.col("ci_high"),
        cumulative_ci_high=1 - pl.col("ci_low"),
    )


def order_sequence(shop: Shop) -> pl.DataFrame:
    over = days(pl.lit(shop.as_of, pl.Date), pl.col("day")) >= 180
    soon = pl.col("closed") & (pl.col("wait") <= 180)
    counted = shop.visits.group_by(purchase_number="number").agg(
        customers_reaching=pl.len(),
        customers_continuing=pl.col("closed").sum(),
        eligible_customers_180d=over.sum(),
        continuing_customers_180d=(over & soon).sum(),
        gaps=pl.col("wait").filter("closed"),
        orders=pl.col("orders").sum(),
        net=pl.col("net").sum(),
    )
    medians = [share_at_most(gaps, 50) for gaps in counted["gaps"].to_list()]
    return shop.stamp(counted).with_columns(
        *rate(
            "customers_continuing",
            "customers_reaching",
            "continuation_rate",
            "continuation_ci",
        ),
        *rate(
            "continuing_customers_180d",
            "eligible_customers_180d",
            "continuation_rate_180d",
            "continuation_180d_ci",
        ),
        is_mature_180d=pl.col("eligible_customers_180d")
        == pl.col("customers_reaching"),
        median_gap_days=pl.Series(medians, dtype=pl.Int64),
        average_order_value=round_div(pl.col("net"), pl.col("orders")),
    )


# ---- cycles ----


def customer_gaps(shop: Shop) -> dict[int, list[int]]:
    """Each customer's closed gaps in their order, none for who bought once."""
    gaps: dict[int, list[int]] = {}
    for customer, wait, closed in shop.visits.select(
        "customer_key", "wait", "closed"
    ).iter_rows():
        own = gaps.setdefault(customer, [])
        if closed:
            own.append(wait)
    return gaps


def usual_gaps(shop: Shop, gaps: dict) -> dict[int, int | None]:
    """The usual gap of each customer: of the first category, else of the shop."""
    categories = shop.attributes["category"]
    pools: dict[str | None, list[int]] = {}
    everybody = []
    for customer, own in gaps.items():
        if len(own) >= 2:
            pools.setdefault(categories.get(customer), []).extend(own)
            everybody.extend(own)
    shopwide = share_at_most(everybody, 50)
    usual = {c: share_at_most(own, 50) for c, own in pools.items() if len(own) >= 30}
    return {c: usual.get(categories.get(c), shopwide) for c in gaps}


def cycle(gaps: list[int], usual: int | None, prior: int) -> Fraction | None:
    """A customer's cycle in days, exactly; None with fewer than two gaps."""
    if len(gaps) < 2:
        return None
    own = Fraction(statistics.median(gaps))
    return (len(gaps) * own + prior * usual) / (len(gaps) + prior)


def cycles(shop: Shop) -> dict[int, Fraction | None]:
    gaps = customer_gaps(shop)
    usual, prior = usual_gaps(shop, gaps), shop.v["cycle_prior_gaps"]
    return {c: cycle(own, usual[c], prior) for c, own in gaps.items()}


def purchase_cycles(shop: Shop) -> pl.DataFrame:
    gaps, known = customer_gaps(shop), cycles(shop)
    usual = usual_gaps(shop, gaps)
    rows = []
    for customer, last in shop.customers.select(
        "customer_key", "last_purchase_date"
    ).iter_rows():
        own, days_of = gaps[customer], known[customer]
        if days_of is None:
            rows.append((customer, len(own), *[None] * 7))
            continue
        n, total = len(own), sum(own)
        spread = n * sum(gap * gap for gap in own) - total * total
        until = math.floor(days_of + Fraction(1, 2)) * DAY
        rows.append(
            (
                customer,
                n,
                float(statistics.median(own)),
                total / n,
                math.sqrt(spread / (n * (n - 1))) / (total / n),
                usual[customer],
                float(days_of),
                last + until,
                float((shop.as_of - last).days / days_of),
            )
        )
    names = (
        "customer_key gaps median_gap_days mean_gap_days gap_cv usual_gap_days "
        "cycle_days expected_next_purchase_date overdue_ratio"
    )
    doubles = ["median_gap_days", "mean_gap_days", "gap_cv", "cycle_days"]
    return shop.rows(
        names,
        rows,
        **dict.fromkeys([*doubles, "overdue_ratio"], DOUBLE),
        expected_next_purchase_date=pl.Date,
    )


def timing(shop: Shop) -> dict[str, pl.DataFrame]:
    return {
        "purchase_gaps": purchase_gaps(shop),
        "order_sequence": order_sequence(shop),
        "repurchase_curves": repurchase_curves(shop),
        "purchase_cycles": purchase_cycles(shop),
    }
