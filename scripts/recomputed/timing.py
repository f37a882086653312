"""Gaps, curves, the purchase sequence and cycles (decision 10).

Survival is the plain product over risk sets; where a quantile is a close call, the
product is done again in whole numbers.
"""

import math
from fractions import Fraction

import numpy as np
import polars as pl
from recomputed.parts import Z, days, rate, round_div
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
    visits = shop.visits.select(purchase_number="number", wait="wait", closed="closed")
    together = visits.with_columns(purchase_number=pl.lit(None, pl.Int64))
    gaps = pl.col("wait").filter("closed")
    counted = (
        pl.concat([visits, together])
        .group_by("purchase_number")
        .agg(
            gaps.len().alias("gaps"),
            (~pl.col("closed")).sum().alias("open_gaps"),
            *(share_at_most(gaps, p).alias(f"p{p}") for p in (10, 25, 50, 75, 90)),
            gaps.mean().alias("mean"),
        )
    )
    rows = []
    for number, own in by_number(shop.visits):
        whole = curve(own)
        reached = [whole.first_at_most(percent) for percent in (75, 50, 25)]
        rows.append((number, *reached))
    medians = shop.rows("purchase_number km_p25 km_p50 km_p75", rows)
    return counted.join(medians, on="purchase_number", nulls_equal=True)


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
        labels = shop.attributes[name].rename({"value": "stratum"})
        if len(labels):
            strata[name] = visits.join(labels, on="customer_key")
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
        median_gap_days=share_at_most(pl.col("wait").filter("closed"), 50),
        orders=pl.col("orders").sum(),
        net=pl.col("net").sum(),
    )
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
        average_order_value=round_div(pl.col("net"), pl.col("orders")),
    )


# ---- cycles ----


def usual_gaps(shop: Shop) -> pl.DataFrame:
    """The `usual` gap of each customer: of the first category, else of the shop."""
    here = "customer_key"
    categories = shop.customers.select(here).join(
        shop.attributes["category"], on=here, how="left"
    )
    gaps = (
        shop.visits.filter(pl.col("closed") & (pl.col("closed").sum().over(here) >= 2))
        .select(here, "wait")
        .join(categories, on=here)
    )
    usual = share_at_most(pl.col("wait"), 50)
    pools = (
        gaps.group_by("value")
        .agg(usual=usual, gaps=pl.len())
        .filter(pl.col("gaps") >= 30)
        .drop("gaps")
    )
    return categories.join(pools, on="value", how="left", nulls_equal=True).select(
        here, pl.coalesce("usual", pl.lit(gaps.select(usual).item(), pl.Int64))
    )


def cycle(prior: int) -> tuple[pl.Expr, pl.Expr]:
    """A customer's cycle in days, exactly: whole numbers, to divide by each other.

    Of the columns `gaps` (how many), `median` and `usual`; NULL with fewer than two.
    """
    gaps = pl.col("gaps").cast(pl.Int64)
    twice = gaps * (2 * pl.col("median")).cast(pl.Int64) + 2 * prior * pl.col("usual")
    return pl.when(gaps >= 2).then(twice), 2 * (gaps + prior)


def cycles(shop: Shop) -> pl.DataFrame:
    """Customers with sums of their closed gaps and the cycle `cycle` / `parts`."""
    gap = pl.col("wait").filter("closed")
    days_of, parts = cycle(shop.v["cycle_prior_gaps"])
    return (
        shop.visits.group_by("customer_key")
        .agg(
            gaps=gap.len().cast(pl.Int64),
            total=gap.sum(),
            squares=(gap * gap).sum(),
            median=gap.median(),
        )
        .join(usual_gaps(shop), on="customer_key")
        .with_columns(cycle=days_of, parts=parts)
    )


def purchase_cycles(shop: Shop) -> pl.DataFrame:
    here, last = "customer_key", pl.col("last_purchase_date")
    n, total = pl.col("gaps"), pl.col("total")
    days_of, parts = pl.col("cycle"), pl.col("parts")
    mean = total / n
    spread = (n * pl.col("squares") - total * total) / (n * (n - 1))
    since = days(pl.lit(shop.as_of, pl.Date), last)
    until = (2 * days_of + parts) // (2 * parts)
    some = {
        "median_gap_days": pl.col("median"),
        "mean_gap_days": mean,
        "gap_cv": spread.sqrt() / mean,
        "usual_gap_days": pl.col("usual"),
        "cycle_days": days_of / parts,
        "expected_next_purchase_date": last + pl.duration(days=until),
        "overdue_ratio": since * parts / days_of,
    }
    return shop.stamp(
        shop.customers.select(here, last)
        .join(cycles(shop), on=here)
        .select(
            here,
            "gaps",
            *(pl.when(n >= 2).then(own).alias(name) for name, own in some.items()),
        )
    )


def timing(shop: Shop) -> dict[str, pl.DataFrame]:
    return {
        "purchase_gaps": purchase_gaps(shop),
        "order_sequence": order_sequence(shop),
        "repurchase_curves": repurchase_curves(shop),
        "purchase_cycles": purchase_cycles(shop),
    }
