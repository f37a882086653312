"""RFM scores, segments and thresholds (decision 5)."""

import datetime
import math

import polars as pl
from recomputed.parts import days, quotient, round_div


def cut_points(values) -> list[int]:
    """20, 40, 60, 80 %: the smallest value with that share at or below it."""
    ordered = pl.Series(values).sort()
    return [ordered[math.ceil(k * len(ordered) / 5) - 1] for k in range(1, 5)]


def score(value: str, cuts: list[int]) -> pl.Expr:
    """1 + the number of cut points below the value."""
    return pl.sum_horizontal(
        pl.lit(1, pl.Int64), *((pl.col(value) > cut).cast(pl.Int64) for cut in cuts)
    )


def rfm_values(facts, booked, as_of, v: dict) -> pl.DataFrame:
    """Recency, frequency and monetary value of who bought by a day."""
    lookback = v["rfm_lookback_days"]

    def recent(frame: pl.DataFrame, day: str) -> pl.DataFrame:
        if as_of is None:
            return frame
        frame = frame.filter(pl.col(day) <= as_of)
        if lookback is None:
            return frame
        return frame.filter(pl.col(day) > as_of - datetime.timedelta(days=lookback))

    day = pl.col("order_date")
    return (
        recent(facts.filter(~pl.col("is_guest")), "order_date")
        .group_by("customer_key")
        .agg(
            recency_days=days(pl.lit(as_of, pl.Date), day.max()),
            frequency=day.n_unique(),
            orders=pl.len(),
            bought=pl.col("net_amount").sum(),
        )
        .join(
            recent(booked, "booked_date")
            .group_by("customer_key")
            .agg(back=pl.col("refund_amount").sum()),
            on="customer_key",
            how="left",
        )
        .with_columns(monetary=pl.col("bought") - pl.col("back").fill_null(0))
    )


def rfm_cuts(people: pl.DataFrame, v: dict) -> dict[str, list[int]]:
    """The cut points of a snapshot, none where it has nobody."""
    if people.is_empty():
        return {"frequency": [], "recency": [], "monetary": []}
    return {
        "frequency": v["rfm_frequency_thresholds"],
        "recency": cut_points(people["recency_days"]),
        "monetary": cut_points(people["monetary"]),
    }


def with_scores(people: pl.DataFrame, cuts: dict, before: str = "") -> pl.DataFrame:
    """`people` with their three scores by the cuts, `before` put before the names."""
    return people.with_columns(
        (6 - score("recency_days", cuts["recency"])).alias(f"{before}r_score"),
        score("frequency", cuts["frequency"]).alias(f"{before}f_score"),
        score("monetary", cuts["monetary"]).alias(f"{before}m_score"),
    )


def rfm(facts, booked, as_of, v: dict, rules: dict) -> dict[str, pl.DataFrame]:
    """Scores, segments and thresholds of the snapshot at `as_of`."""
    people = rfm_values(facts, booked, as_of, v)
    cuts = rfm_cuts(people, v)
    scores = with_scores(people, cuts).with_columns(as_of_date=pl.lit(as_of, pl.Date))
    high = v["rfm_high_score"]
    scores = people.with_columns(
        r_score=6 - score("recency_days", cuts["recency"]),
        f_score=score("frequency", cuts["frequency"]),
        m_score=score("monetary", cuts["monetary"]),
        as_of_date=pl.lit(as_of, pl.Date),
    )
    names = rules["rfm_segment_names"]
    scores = (
        scores.with_columns(
            rfm_cell=pl.format("{}{}{}", "r_score", "f_score", "m_score"),
            is_recent=pl.col("r_score") >= high,
            is_frequent=pl.col("f_score") >= high,
            is_high_value=pl.col("m_score") >= high,
        )
        .join(rules["rfm_segment_rules"], on=["r_score", "f_score"], how="left")
        .join(names, on="rfm_segment", how="left")
        .join(
            rules["rfm_value_types"],
            on=["is_recent", "is_frequent", "is_high_value"],
            how="left",
        )
    )
    return {
        "rfm_scores": scores,
        "rfm_segments": segments(scores, names, as_of),
        "rfm_thresholds": thresholds(scores, cuts, as_of),
    }


def segments(scores: pl.DataFrame, names: pl.DataFrame, as_of) -> pl.DataFrame:
    """One row per segment of the rule seed, 0 customers included."""
    net = pl.col("net_amount")
    total = net.sum()
    return (
        names.join(
            scores.group_by("rfm_segment").agg(
                customers=pl.len(),
                orders=pl.col("orders").sum(),
                net_amount=pl.col("monetary").sum(),
                average_recency_days=pl.col("recency_days").mean(),
                average_frequency=pl.col("frequency").mean(),
            ),
            on="rfm_segment",
            how="left",
        )
        .with_columns(pl.col("customers", "orders", "net_amount").fill_null(0))
        .with_columns(
            as_of_date=pl.lit(as_of, pl.Date),
            customer_share=quotient(pl.col("customers"), pl.col("customers").sum()),
            revenue_share=pl.when(total != 0).then(net / total),
            average_order_value=pl.when(pl.col("orders") > 0).then(
                round_div(net, pl.max_horizontal("orders", 1))
            ),
        )
    )


def thresholds(scores: pl.DataFrame, cuts: dict, as_of) -> pl.DataFrame:
    """What each score means and how many have it; bounds in hundredths."""
    rows = []
    for dimension, points in cuts.items():
        if not points:
            continue
        unit = 1 if dimension == "monetary" else 100
        bounds = [None, *(point * unit for point in points), None]
        column = f"{dimension[0]}_score"
        for i in range(5):
            value = 5 - i if dimension == "recency" else i + 1
            customers = scores.filter(pl.col(column) == value).height
            rows.append((dimension, value, bounds[i], bounds[i + 1], customers))
    names = ["dimension", "score", "lower_bound", "upper_bound", "customers"]
    types = [pl.String, pl.Int64, pl.Int64, pl.Int64, pl.Int64]
    frame = pl.DataFrame(
        rows, schema=dict(zip(names, types, strict=True)), orient="row"
    )
    return frame.with_columns(as_of_date=pl.lit(as_of, pl.Date))
