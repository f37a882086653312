"""RFM of every month end, scored one month after the other (decision 11)."""

import datetime

import polars as pl
from recomputed.rfm import rfm_cuts, rfm_values, thresholds, with_scores
from recomputed.shop import Shop

SCORES = ["r_score", "f_score", "m_score", "rfm_segment"]
KEPT = [*SCORES, *(f"base_{name}" for name in SCORES)]
TYPES = [pl.Int64, pl.Int64, pl.Int64, pl.String] * 2


def base_month(shop: Shop, cuts: dict) -> datetime.date | None:
    """The month whose cuts score all months; of those that score somebody.

    The last one up to the month asked for, or else the first.
    """
    scored = [month for month, own in cuts.items() if own["recency"]]
    chosen = shop.v["rfm_base_month"]
    if chosen is not None:
        chosen = datetime.date.fromisoformat(str(chosen))
    elif scored:
        chosen = shop.observed + datetime.timedelta(days=shop.v["burn_in_days"])
    earlier = [month for month in scored if month <= chosen]
    return max(earlier) if earlier else min(scored, default=None)


def with_segment(people: pl.DataFrame, rules: dict, before: str = "") -> pl.DataFrame:
    names = [f"{before}{name}" for name in ("r_score", "f_score", "rfm_segment")]
    segments = rules["rfm_segment_rules"].select("r_score", "f_score", "rfm_segment")
    segments.columns = names
    return people.join(segments, on=names[:2], how="left")


def snapshots(shop: Shop):
    """Month and its scored customers, oldest first, and the cuts of each month."""
    people, cuts = {}, {}
    for start, end in shop.whole_months:
        people[start] = rfm_values(shop.facts, shop.booked, end, shop.v)
        cuts[start] = rfm_cuts(people[start], shop.v)
    nobody = {name: [] for name in ("recency", "frequency", "monetary")}
    base = cuts.get(base_month(shop, cuts), nobody)
    scored = {}
    for start, own in people.items():
        own = with_segment(with_scores(own, cuts[start]), shop.rules)
        own = with_segment(with_scores(own, base, "base_"), shop.rules, "base_")
        scored[start] = own.select("customer_key", "monetary", *KEPT)
    return scored, cuts


def history(shop: Shop, scored: dict) -> pl.DataFrame:
    """Runs of months in which nothing changed for a customer."""
    months = list(scored)
    open_runs: dict[int, list] = {}
    rows = []
    for place, month in enumerate(months):
        now = {}
        for customer, *values in (
            scored[month].select("customer_key", *KEPT).iter_rows()
        ):
            run = open_runs.get(customer)
            same = run is not None and run[2] == values
            now[customer] = run if same else [customer, month, values]
        for customer, run in open_runs.items():
            if now.get(customer) is not run:
                rows.append((run[0], run[1], months[place - 1], *run[2]))
        open_runs = now
    rows.extend((run[0], run[1], None, *run[2]) for run in open_runs.values())
    dates = dict.fromkeys(["valid_from_month", "valid_to_month"], pl.Date)
    names = f"customer_key valid_from_month valid_to_month {' '.join(KEPT)}"
    return shop.rows(names, rows, **dates, **dict(zip(KEPT, TYPES, strict=True)))


def migrations(shop: Shop, scored: dict) -> pl.DataFrame:
    """How customers moved between the base segments of month and month."""
    rows, before = [], {}
    for month, people in scored.items():
        now = {
            customer: (segment, money)
            for customer, segment, money in people.select(
                "customer_key", "base_rfm_segment", "monetary"
            ).iter_rows()
        }
        moves: dict[tuple, list[int]] = {}
        for customer in before.keys() | now.keys():
            (left, earlier), (reached, later) = (
                side.get(customer, ("none", 0)) for side in (before, now)
            )
            counts = moves.setdefault((left, reached), [0, 0])
            counts[0] += 1
            counts[1] += later if customer in now else earlier
        rows.extend((month, *pair, *counts) for pair, counts in moves.items())
        before = now
    return shop.rows(
        "snapshot_month from_segment to_segment customers net_amount",
        rows,
        snapshot_month=pl.Date,
        from_segment=pl.String,
        to_segment=pl.String,
    )


def threshold_history(shop: Shop, cuts: dict) -> pl.DataFrame:
    nobody = pl.DataFrame(schema=dict.fromkeys(["r_score", "f_score", "m_score"]))
    base = base_month(shop, cuts)
    nothing = thresholds(nobody, {}, shop.as_of).with_columns(
        snapshot_month=pl.lit(None, pl.Date), is_base=pl.lit(False)
    )
    return pl.concat(
        [
            nothing,
            *(
                thresholds(nobody, own, shop.as_of).with_columns(
                    snapshot_month=pl.lit(month), is_base=pl.lit(month == base)
                )
                for month, own in cuts.items()
            ),
        ]
    )


def rfm_history(shop: Shop) -> dict[str, pl.DataFrame]:
    scored, cuts = snapshots(shop)
    return {
        "rfm_history": history(shop, scored),
        "rfm_threshold_history": threshold_history(shop, cuts),
        "rfm_migrations": migrations(shop, scored),
    }
