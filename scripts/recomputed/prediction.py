"""Predictions and their report card (decision 15).

Everybody's purchase days are counted once more as they were known on each day that
matters, and the models are fitted and summed in ways of their own (`purchase_models`).
"""

import datetime
import hashlib
import math

import numpy as np
import polars as pl
from recomputed.parts import DAY, days
from recomputed.purchase_models import (
    MODELS,
    SPEND,
    PurchaseModel,
    SpendModel,
    expected_purchases,
    maximize,
    with_chances,
)
from recomputed.rfm import cut_points, score
from recomputed.shop import Shop
from recomputed.timing import DOUBLE

HORIZON = 90
ORIGINS = [270, 180, 90]
MOST_JUDGED = 100_000
BLOCKS, REPLICATES = 100, 200
CENTURY = 36_500
MONTHS = [30 * month for month in range(1, 13)]
FAR = [*MONTHS, 365]
SAID = {  # at large, and of who bought once
    "in_plain_words": (
        "Of 100 customers like this one, {} are still customers and {} buy within 90 "
        "days.{}",
        " Bought once: mostly the average of the shop.",
    ),
    "in_plain_words_zh": (
        "100 位这样的顾客中，{} 位仍是顾客，{} 位会在 90 天内购买。{}",
        "只买过一次：基本是全店平均。",
    ),
}
NOT_SAID = {  # too little data, and data that fit nothing
    "in_plain_words": (
        "No prediction: too few buyers or too short a history.",
        "No prediction: the purchases fit no model.",
    ),
    "in_plain_words_zh": (
        "暂无预测：顾客太少或历史太短。",
        "暂无预测：购买记录不适合任何模型。",
    ),
}
METRICS = [
    *("rmse", "bias", "poisson_deviance", "brier", "auc", "top_decile_capture"),
    "false_alarm_rate",
]
RULES = [
    *("zero", "mean", "own_rate", "last_period", "recency", "frequency", "hiatus"),
    "rfm_cell",
]
ALIKE = {
    "mean": [],
    "recency": ["silence"],
    "frequency": ["f_score"],
    "rfm_cell": ["silence", "f_score", "m_score"],
}


# ---- what was known ----


def known_visits(shop: Shop, day: datetime.date) -> pl.DataFrame:
    """Purchase days of customers, with net amount, as known at the end of a day."""
    orders, refunds = shop.claims
    returned = (
        refunds.filter(pl.col("refund_day") <= day)
        .group_by("order_key")
        .agg(pl.col("own", "back").sum())
    )
    left = pl.col("own").fill_null(0)
    return (
        orders.filter(pl.col("order_date") <= day)
        .join(returned, on="order_key", how="left")
        .filter((left == 0) | (left < pl.col("paid")))
        .group_by("person_key", day="order_date")
        .agg(net=(pl.col("net") - pl.col("back").fill_null(0)).sum())
    )


class Told:
    """What the published marts say of the fits."""

    def __init__(self, published: dict[str, pl.DataFrame], as_of: datetime.date):
        self.as_of = as_of
        self.parameters = None
        self.statuses = {}
        for mart, day in {
            "model_parameters": "calibration_end",
            "prediction_evaluation": "origin",
        }.items():
            rows, names = published.get(mart), ["model", day, "model_status"]
            if rows is not None and {*names} <= {*rows.columns}:
                said = rows.select(names).unique().rows()
                self.statuses |= {(model, at): status for model, at, status in said}
        rows, names = published.get("model_parameters"), ["model", "parameter", "value"]
        if rows is not None and {*names} <= {*rows.columns}:
            self.parameters = rows.select(names)

    def values(self, model: str) -> dict | None:
        """A model's parameters by name, None where it has none."""
        if self.parameters is None:
            return None
        own = self.parameters.filter(pl.col("model") == model)
        own = own.filter(pl.col("value") > 0)
        names = SPEND if model == "gamma_gamma" else MODELS[model]
        values = dict(own.select("parameter", "value").iter_rows())
        return values if sorted(values) == sorted(names) else None


class Known:
    """Customers as they were known on a day."""

    def __init__(self, shop: Shop, day: datetime.date):
        self.day = day
        visits = known_visits(shop, day)
        self.days = (day - shop.observed).days if shop.observed else 0
        self.visits = visits.drop_nulls("person_key").rename(
            {"person_key": "customer_key"}
        )
        first, last = pl.col("day").min(), pl.col("day").max()
        repeats = pl.col("net").sum() - pl.col("net").get(pl.col("day").arg_min())
        silence = pl.col("age") - pl.col("last_age")
        self.people = (
            self.visits.group_by("customer_key")
            .agg(
                x=pl.len().cast(pl.Int64) - 1,
                last_age=days(last, first),
                age=days(pl.lit(day), first),
                repeats=repeats,
                net=pl.col("net").sum(),
            )
            .with_columns(
                mean=pl.when(pl.col("x") > 0).then(
                    pl.col("repeats") / (100 * pl.col("x"))
                ),
                silent=silence,
                silence=(silence // 30).clip(upper_bound=12),
                frequency=pl.col("x") + 1,
            )
            .with_columns(
                f_score=score("frequency", shop.v["rfm_frequency_thresholds"])
            )
            .sort("customer_key")
        )
        self.spenders = self.people.filter((pl.col("x") > 0) & (pl.col("mean") > 0))
        # A hundred thousand customers say enough.
        every = max(0, len(self.people) - 1) // MOST_JUDGED + 1
        key = pl.col("customer_key")
        self.judged = self.people.filter(key % every == 0).with_columns(
            block=key // every % BLOCKS
        )
        few = len(self.people) < max(1, shop.v["prediction_minimum_customers"])
        self.is_enough = not few and self.days >= shop.v["prediction_minimum_days"]

    def bought_after(self, day: datetime.date) -> pl.DataFrame:
        """Customers with their purchase days after a day."""
        return (
            self.visits.filter(pl.col("day") > day)
            .group_by("customer_key")
            .agg(bought=pl.len().cast(pl.Int64))
        )

    def fit(self, model: str, told: Told):
        """Status, parameters by name (None unless converged) and log-likelihood.

        Where the data hardly fix the parameters, it is no error that a search gave up,
        nor that it found what the one here does not.
        """
        if not self.is_enough:
            return "insufficient_data", None, None
        is_spend = model == "gamma_gamma"
        people = self.spenders if is_spend else self.people
        if people["mean" if is_spend else "x"].n_unique() < 2:
            return "degenerate_data", None, None
        names = SPEND if is_spend else MODELS[model]
        likelihood = SpendModel(people) if is_spend else PurchaseModel(model, people)
        found = maximize(likelihood)
        values = told.values(model) if self.day == told.as_of else None
        if found is None and values:
            found = maximize(likelihood, [values[name] for name in names])
        gave_up = told.statuses.get((model, self.day)) == "not_converged"
        if found is None or (gave_up and not found[2]):
            return "not_converged", None, None
        return "converged", dict(zip(names, found[0], strict=True)), found[1]


# ---- the as-of date ----


def model_parameters(shop: Shop, now: Known, told: Told) -> pl.DataFrame:
    """The fits; how many rounds a search takes is its own, so it is only bounded."""
    rows = []
    for model in (*MODELS, "gamma_gamma"):
        status, values, likelihood = now.fit(model, told)
        tried = status in ("converged", "not_converged")
        customers = len(now.spenders if model == "gamma_gamma" else now.people)
        for name in SPEND if model == "gamma_gamma" else MODELS[model]:
            value = values[name] if values else None
            known = (value, likelihood, customers, True if tried else None)
            rows.append(
                (model, name, *known, status == "converged", status, shop.as_of)
            )
    return shop.rows(
        "model parameter value log_likelihood customers iterations_bounded converged "
        "model_status calibration_end",
        rows,
        **dict.fromkeys(["model", "parameter", "model_status"], pl.String),
        **dict.fromkeys(["value", "log_likelihood"], DOUBLE),
        **dict.fromkeys(["iterations_bounded", "converged"], pl.Boolean),
        calibration_end=pl.Date,
    )


def expect(people: pl.DataFrame, model: str, values: dict, horizons: list[int]):
    """`people` with `alive` and expected purchases `in_N` of N days."""
    here = ["x", "last_age", "age"]
    values = [pl.lit(values[name]).alias(name) for name in MODELS[model]]
    histories = with_chances(people.select(here).unique().with_columns(values), model)
    cases = pl.concat(
        histories.with_columns(days=pl.lit(number), weeks=pl.lit(number / 7))
        for number in horizons
    )
    cases = cases.with_columns(in_=pl.col("alive") * expected_purchases(cases))
    wide = cases.pivot("days", index=here, values="in_")
    histories = histories.join(
        wide.rename({str(number): f"in_{number}" for number in horizons}), on=here
    )
    shape, rate = pl.col("shape"), pl.col("rate")
    buys = pl.col("alive") * -((-shape * (HORIZON / 7 / rate).log1p()).exp() - 1)
    wait = 7 * rate * ((math.log(2) / shape).exp() - 1)
    histories = histories.with_columns(buys=buys, wait=wait)
    return people.join(histories.drop("a", "b"), on=here, maintain_order="left")


def customer_predictions(shop: Shop, marts, now: Known, own, told: Told):
    """Everybody's outlook where there is an `own` fit, at the published parameters.

    A date or share that is rounded can turn on the last digits of the parameters;
    whether these are right is another question, which their own mart answers.
    """
    fits = Told({"model_parameters": own}, now.day)

    def given(model: str) -> dict | None:
        values = fits.values(model)
        return values and (told.values(model) or values)

    model = shop.v["prediction_model"]
    status = own.filter(pl.col("model") == model)["model_status"][0]
    people = now.people
    values = given(model)
    nothing = pl.lit(None, DOUBLE)
    names = ["alive", "buys", "wait", *(f"in_{number}" for number in [*FAR, HORIZON])]
    if values and len(people):
        people = expect(people, model, values, sorted({*FAR, HORIZON}))
    else:
        people = people.with_columns(nothing.alias(name) for name in {*names})
    spend = given("gamma_gamma")
    average = nothing
    if spend:
        p, q, v = (spend[name] for name in SPEND)
        x, shape = pl.col("x"), p * pl.col("x") + q - 1
        total = pl.when(x > 0).then(pl.col("repeats") / 100).otherwise(0.0)
        some = (x == 0) | (pl.col("repeats") > 0)
        average = pl.when(some & (shape > 0)).then(p * (v + total) / shape)
    discount = 1 + shop.v["clv_monthly_discount_rate"]
    worth, before = 0.0, 0.0
    for end in FAR:
        coming = pl.col(f"in_{end}")
        worth = worth + (coming - before) / discount ** (end / 30)
        before = coming
    worth = worth * pl.col("average") * float(shop.v["clv_margin"])
    cycles = marts["purchase_cycles"].select(
        "customer_key", cycle_next_purchase_date="expected_next_purchase_date"
    )
    historic = marts["fct_customers"].select("customer_key", "historic_clv")
    return shop.stamp(
        people.with_columns(average=average)
        .join(historic, on="customer_key", how="left")
        .join(cycles, on="customer_key", how="left")
        .with_columns(
            model=pl.lit(model),
            model_status=pl.lit(status),
            btyd_frequency="x",
            btyd_recency_weeks=pl.col("last_age") / 7,
            btyd_age_weeks=pl.col("age") / 7,
            probability_alive="alive",
            churn_probability=1 - pl.col("alive"),
            repurchase_probability_90d="buys",
            expected_purchases_30d="in_30",
            expected_purchases_90d="in_90",
            expected_purchases_365d="in_365",
            expected_next_purchase_date=pl.when(pl.col("wait") < CENTURY).then(
                pl.lit(now.day)
                + pl.duration(days=pl.col("wait").clip(0, CENTURY).round())
            ),
            expected_average_value="average",
            predicted_clv=worth,
            total_clv=pl.col("historic_clv") / 100 + worth,
            **{name: words(name, status) for name in SAID},
        )
    )


def words(name: str, status: str) -> pl.Expr:
    if status != "converged":
        return pl.lit(NOT_SAID[name][status != "insufficient_data"])
    alive, buys = (
        (pl.col(name) * 100).round(mode="half_away_from_zero").cast(pl.Int64)
        for name in ("alive", "buys")
    )
    sentence, once = SAID[name]
    caveat = pl.when(pl.col("x") == 0).then(pl.lit(once)).otherwise(pl.lit(""))
    return pl.format(sentence, alive, buys, caveat)


# ---- the report card ----


class Origin:
    """One past day: who is judged, what each model said, what came."""

    def __init__(self, shop: Shop, before: int, known, told: Told):
        self.day = told.as_of - before * DAY
        self.shop, now = shop, known(self.day)
        self.is_enough = now.is_enough
        end = self.day + HORIZON * DAY
        here = "customer_key"
        self.people = (
            now.judged.join(known(end).bought_after(self.day), on=here, how="left")
            .join(
                now.bought_after(self.day - HORIZON * DAY).rename({"bought": "lately"}),
                on=here,
                how="left",
            )
            .with_columns(
                pl.col("bought", "lately").fill_null(0),
            )
        )
        self.customers = len(self.people)
        if self.is_enough:
            self.learn(now, known(self.day - HORIZON * DAY), told)

    def learn(self, now: Known, earlier: Known, told: Told) -> None:
        """`says`: model or rule to its frame of `expected`, `chance`, `gone`."""
        self.status, self.says = dict.fromkeys(RULES, "rule"), {}
        for model in MODELS:
            self.status[model], values, _ = now.fit(model, told)
            if values:
                outlook = expect(self.people, model, values, [HORIZON])
                self.says[model] = outlook.select(
                    "customer_key",
                    "block",
                    "bought",
                    expected=f"in_{HORIZON}",
                    chance="buys",
                    gone=pl.col("alive") < 0.5,
                )
        nothing, never = pl.lit(0.0), pl.lit(None, pl.Boolean)
        rate = pl.when(pl.col("age") > 0).then(HORIZON * pl.col("x") / pl.col("age"))
        rate = rate.fill_null(0.0)
        silent = pl.col("silent") > self.shop.v["lapse_days"]
        lately = pl.col("lately")
        rules = {
            "zero": (nothing, nothing, pl.lit(True)),
            "own_rate": (rate, 1 - (-rate).exp(), never),
            "last_period": (
                lately.cast(DOUBLE),
                (lately > 0).cast(DOUBLE),
                lately == 0,
            ),
            "hiatus": (
                pl.when(silent).then(0.0).otherwise(rate),
                (~silent).cast(DOUBLE),
                silent,
            ),
        }
        for name, (expected, chance, gone) in rules.items():
            self.says[name] = self.people.select(
                "customer_key",
                "block",
                "bought",
                expected=expected,
                chance=chance,
                gone=gone,
            )
        for name, alike in ALIKE.items():
            self.says[name] = self.as_others_did(now, earlier, alike)

    def as_others_did(self, now: Known, earlier: Known, alike: list[str]):
        """What customers alike at the earlier day did until this one."""

        def with_quintile(people: pl.DataFrame) -> pl.DataFrame:
            cuts = cut_points(people["net"]) if len(people) else []
            return people.with_columns(score("net", cuts).alias("m_score"))

        then = (
            with_quintile(earlier.judged)
            .join(now.bought_after(earlier.day), on="customer_key", how="left")
            .with_columns(pl.col("bought").fill_null(0))
        )
        mean, share = pl.col("bought").mean(), (pl.col("bought") > 0).mean()
        everybody = then.select(mean=mean, share=share).row(0)
        people = with_quintile(self.people)
        if alike:
            seen = then.group_by(alike).agg(own_mean=mean, own_share=share)
            people = people.join(seen, on=alike, how="left", maintain_order="left")
        else:
            people = people.with_columns(
                own_mean=pl.lit(None, DOUBLE), own_share=pl.lit(None, DOUBLE)
            )
        return people.select(
            "customer_key",
            "block",
            "bought",
            expected=pl.col("own_mean").fill_null(pl.lit(everybody[0], DOUBLE)),
            chance=pl.col("own_share").fill_null(pl.lit(everybody[1], DOUBLE)),
            gone=pl.lit(None, pl.Boolean),
        )


def shares(told: pl.DataFrame) -> pl.DataFrame:
    """`told` with each customer's share of AUC and of the top decile."""
    y, n = pl.col("bought"), len(told)
    buyer = y > 0
    expected = pl.col("expected")
    told = told.with_columns(
        buyer=buyer,
        among_all=expected.rank("average"),
        among_own=expected.rank("average").over(buyer),
        above=(-expected).rank("min") - 1,
        equal=pl.len().over("expected"),
    )
    buyers = told["buyer"].sum()
    below = (pl.col("among_all") - pl.col("among_own")).cast(DOUBLE)
    told = told.with_columns(
        # of the customers of the other kind, the share rightly on the other side
        right=pl.when("buyer").then(below / (n - buyers)).otherwise(1 - below / buyers),
        on_top=((n / 10 - pl.col("above")) / pl.col("equal")).clip(0.0, 1.0),
    )
    right = pl.col("right")
    area = told.filter("buyer")["right"].mean() if 0 < buyers < n else math.nan
    of_kind = pl.when("buyer").then(buyers).otherwise(n - buyers)
    return told.with_columns(owed=area + (right - area) * n / of_kind)


def parts(told: pl.DataFrame) -> pl.DataFrame:
    """Sums by block: of each metric a numerator and what it is divided by."""
    y = pl.col("bought").cast(DOUBLE)
    expected, chance = pl.col("expected"), pl.col("chance")
    buyer = pl.col("buyer").cast(DOUBLE)
    deviance = 2 * (
        pl.when(y > 0).then(y * (y / expected).log()).otherwise(0.0) - (y - expected)
    )
    gone = pl.col("gone").cast(DOUBLE)
    one = pl.repeat(1.0, pl.len())
    pairs = {
        "rmse": ((y - expected) ** 2, one),
        "bias": (expected - y, one),
        "poisson_deviance": (deviance, one),
        "brier": ((chance - buyer) ** 2, one),
        "auc": (pl.col("owed"), one),
        "top_decile_capture": (pl.col("on_top") * y, y),
        "false_alarm_rate": (gone * buyer, gone),
    }
    return told.group_by("block").agg(
        expr.sum().alias(f"{name} {side}")
        for name, pair in pairs.items()
        for side, expr in zip(("of", "by"), pair, strict=True)
    )


def metric(name: str, sums: dict) -> float | None:
    def ratio(key: str) -> float | None:
        number, divisor = sums[f"{key} of"], sums[f"{key} by"]
        return number / divisor if divisor else None

    value = ratio(name)
    if value is None or not math.isfinite(value):
        return None
    return math.sqrt(value) if name == "rmse" else value


def weights() -> list[dict[int, int]]:
    """Poisson(1) weights of the blocks in each replicate, from a hash."""
    levels, chance, level = [], math.exp(-1), 0.0
    for k in range(20):
        level += chance
        levels.append(level)
        chance /= k + 1
    replicates = []
    for replicate in range(1, REPLICATES + 1):
        own = {}
        for block in range(BLOCKS):
            text = hashlib.md5(f"{replicate}|{block}".encode()).hexdigest()[:15]
            uniform = int(text, 16) % 1_000_000 / 1e6
            own[block] = sum(uniform >= one for one in levels)
        replicates.append(own)
    return replicates


def smallest(values: list[float], percent: float) -> float:
    """The smallest value with at least that share of the values at or below it."""
    return sorted(values)[math.ceil(percent * len(values) / 100) - 1]


def judged(told: pl.DataFrame, replicates) -> dict[str, tuple]:
    """Each metric with its interval."""
    blocks = parts(shares(told))
    names = [name for name in blocks.columns if name != "block"]
    each = blocks.select(pl.col(names).fill_null(0.0))
    whole = {name: math.fsum(each[name]) for name in names}
    drawn = np.array([[own[block] for block in blocks["block"]] for own in replicates])
    values = each.to_numpy()
    is_finite = np.isfinite(values)
    totals = drawn @ np.where(is_finite, values, 0.0)
    totals[drawn @ ~is_finite > 0] = math.nan
    sums = [dict(zip(names, row, strict=True)) for row in totals.tolist()]
    found = {}
    for name in METRICS:
        value = metric(name, whole)
        drawn = [one for one in (metric(name, s) for s in sums) if one is not None]
        low = high = None
        if value is not None and drawn:
            low, high = (smallest(drawn, percent) for percent in (2.5, 97.5))
        found[name] = (value, low, high)
    return found


def prediction_evaluation(shop: Shop, origins: list[Origin]) -> pl.DataFrame:
    rows, replicates = [], weights()
    for origin in origins:
        for model in (*MODELS, *RULES):
            status = "insufficient_data"
            found = dict.fromkeys(METRICS, (None, None, None))
            if origin.is_enough:
                status = origin.status[model]
                if model in origin.says:
                    found = judged(origin.says[model], replicates)
            for name, values in found.items():
                about = (model, origin.day, name, model in RULES, status)
                rows.append((*about, origin.customers, *values))
    return shop.rows(
        "model origin metric is_baseline model_status customers value ci_low ci_high",
        rows,
        **dict.fromkeys(["model", "metric", "model_status"], pl.String),
        origin=pl.Date,
        is_baseline=pl.Boolean,
        **dict.fromkeys(["value", "ci_low", "ci_high"], DOUBLE),
    )


def prediction_calibration(shop: Shop, origins: list[Origin]) -> pl.DataFrame:
    deciles = []
    # twice the place of the middle one of those with equal expectations
    above = (-pl.col("expected")).rank("min").cast(pl.Int64) - 1
    middle = 2 * above + pl.len().over("expected")
    for origin in origins:
        for model, told in origin.says.items() if origin.is_enough else ():
            deciles.append(
                told.with_columns(
                    model=pl.lit(model),
                    origin=pl.lit(origin.day),
                    decile=middle * 5 // pl.len() + 1,
                )
                .group_by("model", "origin", "decile")
                .agg(
                    customers=pl.len(),
                    predicted=pl.col("expected").mean(),
                    actual=pl.col("bought").mean(),
                )
            )
    nothing = pl.DataFrame(
        schema={
            "model": pl.String,
            "origin": pl.Date,
            **dict.fromkeys(["decile", "customers"], pl.Int64),
            **dict.fromkeys(["predicted", "actual"], DOUBLE),
        }
    )
    return shop.stamp(pl.concat([nothing, *deciles], how="vertical_relaxed"))


def prediction(
    shop: Shop,
    marts: dict[str, pl.DataFrame],
    published: dict[str, pl.DataFrame],
) -> dict[str, pl.DataFrame]:
    days: dict[datetime.date, Known] = {}

    def known(day: datetime.date) -> Known:
        if day not in days:
            days[day] = Known(shop, day)
        return days[day]

    # A shop without a day has no rows, of any day.
    told = Told(published, shop.as_of or datetime.date(2000, 1, 1))
    now = known(told.as_of)
    parameters = model_parameters(shop, now, told)
    origins = [Origin(shop, before, known, told) for before in ORIGINS]
    found = {
        "model_parameters": parameters,
        "customer_predictions": customer_predictions(
            shop, marts, now, parameters, told
        ),
        "prediction_evaluation": prediction_evaluation(shop, origins),
        "prediction_calibration": prediction_calibration(shop, origins),
    }
    return found if shop.as_of else {name: rows.clear() for name, rows in found.items()}
