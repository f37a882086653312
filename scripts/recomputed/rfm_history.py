"""RFM of every month end, scored one month after the other (decision 11)."""

import datetime

import polars as pl
from recomputed.rfm import rfm_cuts, rfm_values, thresholds, with_scores
from recomputed.shop import Shop

SCORES = ["r_score", "f_score", "m_score"]
KEPT = [*SCORES, *(f"base_{name}" for name in SCORES)]


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


def snapshots(shop: Shop) -> tuple[pl.DataFrame, dict]:
    """Customers as scored at each month end, in order, and the cuts of each month.

    `follows`: the row before is of the customer's month before; `goes_on`: the next row
    is of the month after.
    """
    facts = shop.facts.select("customer_key", "is_guest", "order_date", "net_amount")
    people = {None: rfm_values(facts.clear(), shop.booked, None, shop.v)}
    cuts = {}
    for start, end in shop.whole_months:
        people[start] = rfm_values(facts, shop.booked, end, shop.v)
        cuts[start] = rfm_cuts(people[start], shop.v)
    nobody = {name: [] for name in ("recency", "frequency", "monetary")}
    base = cuts.get(base_month(shop, cuts), nobody)
    scored = [
        with_scores(with_scores(own, cuts.get(start, nobody)), base, "base_").select(
            "customer_key",
            "monetary",
            pl.col(KEPT).cast(pl.Int8),
            month=pl.lit(start, pl.Date),
            month_before=pl.lit(before, pl.Date),
        )
        for before, (start, own) in zip([None, *people], people.items(), strict=False)
    ]
    here, month = pl.col("customer_key"), pl.col("month")
    follows = (here == here.shift()) & (pl.col("month_before") == month.shift())
    ordered = pl.concat(scored).sort("customer_key", "month")
    return ordered.with_columns(follows=follows.fill_null(False)).with_columns(
        goes_on=pl.col("follows").shift(-1, fill_value=False)
    ), cuts


def with_segment(frame: pl.DataFrame, rules: dict, r: str, f: str, name: str):
    """`frame` with the segment `name` of its scores `r` and `f`."""
    segments = rules["rfm_segment_rules"].select(
        pl.col("r_score").cast(pl.Int8).alias(r),
        pl.col("f_score").cast(pl.Int8).alias(f),
        pl.col("rfm_segment").alias(name),
    )
    return frame.join(segments, on=[r, f], how="left")


def last(shop: Shop) -> pl.Expr:
    """The last month, scored or not."""
    return pl.lit(max((start for start, _ in shop.whole_months), default=None), pl.Date)


def history(shop: Shop, scored: pl.DataFrame) -> pl.DataFrame:
    """Runs of months in which nothing changed for a customer."""
    is_same = pl.all_horizontal(
        "follows", *(pl.col(name) == pl.col(name).shift() for name in KEPT)
    )
    scored = scored.with_columns(is_same=is_same.fill_null(False))
    ends = scored.filter(~pl.col("is_same").shift(-1, fill_value=False))["month"]
    runs = scored.filter(~pl.col("is_same")).with_columns(last_month=ends)
    for base in ("", "base_"):
        names = (f"{base}{name}" for name in ("r_score", "f_score", "rfm_segment"))
        runs = with_segment(runs, shop.rules, *names)
    return shop.stamp(runs).with_columns(
        valid_from_month="month",
        valid_to_month=pl.when(pl.col("last_month") < last(shop)).then("last_month"),
    )


def migrations(shop: Shop, scored: pl.DataFrame) -> pl.DataFrame:
    """How customers moved between the base segments of month and month."""
    month, r, f = (pl.col(name) for name in ("month", "base_r_score", "base_f_score"))
    follows = pl.col("follows")
    here = scored.select(
        "month",
        "monetary",
        to_r=r,
        to_f=f,
        from_r=pl.when(follows).then(r.shift()),
        from_f=pl.when(follows).then(f.shift()),
    )
    gone = scored.filter(~pl.col("goes_on") & (month < last(shop))).select(
        "monetary", month=month.dt.offset_by("1mo"), from_r=r, from_f=f
    )
    moves = (
        pl.concat([here, gone], how="diagonal")
        .group_by("month", "from_r", "from_f", "to_r", "to_f")
        .agg(customers=pl.len(), net_amount=pl.col("monetary").sum())
    )
    for side in ("from", "to"):
        moves = with_segment(moves, shop.rules, f"{side}_r", f"{side}_f", side)
        moves = moves.with_columns(
            pl.when(pl.col(f"{side}_r").is_null())
            .then(pl.lit("none"))
            .otherwise(side)
            .alias(f"{side}_segment")
        )
    return shop.stamp(
        moves.group_by("from_segment", "to_segment", snapshot_month="month").agg(
            pl.col("customers", "net_amount").sum()
        )
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
