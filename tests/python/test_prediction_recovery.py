"""Fits find the truth again, and scores are right about it: shops made by the models.

Each customer is simulated purchase by purchase, and each shop is fitted by the
project's own search, all of them in one run: an origin is a shop here. The defaults are
what a test run can afford; SEEDS=200 LARGE_SEEDS=20 pytest ... shows more shops.

By theory (Wilks) twice the log-likelihood at the summit above that at the truth is
chi-squared, with as many degrees of freedom as parameters; and an estimate's logarithm
lies within 1.96 standard errors, from the curvature at the summit, of the truth's: each
in 95 of 100 shops. What the shops say may differ from that by chance, as a binomial of
.95 does in all but one of 1,000 runs.

Seen in 200 shops of 5,000: the region held the truth in 190 (BG/NBD), 188 (MBG/NBD) and
189 (Gamma-Gamma), the eleven intervals in 184 to 194. In 20 of 50,000: 18, 17 and 20;
18 to 20.
"""

import os
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pytest

pd = pytest.importorskip("pandas", reason="requirements-dev.txt not there")
scipy = pytest.importorskip("scipy", reason="requirements-dev.txt not there")

from conftest import TABLES  # noqa: E402
from scipy.stats import binom, chi2  # noqa: E402
from test_prediction_library import LIKELIHOODS, NAMES  # noqa: E402

SEEDS = int(os.environ.get("SEEDS", 20))
LARGE_SEEDS = int(os.environ.get("LARGE_SEEDS", 2))
TRUTH = {
    "bgnbd": (0.55, 8.0, 0.5, 2.0),
    "mbgnbd": (0.55, 8.0, 0.5, 2.0),
    "gamma_gamma": (6.0, 4.0, 45.0),
}
SHOP_DAYS = 546  # the shop is 78 weeks old; customers came on any day of them
AHEAD_DAYS = 90
SCORED = 50_000


class Shop(NamedTuple):
    """Customers as simulated; times in weeks, days where it says so."""

    repeats: np.ndarray
    last: np.ndarray
    age_days: np.ndarray
    is_alive: np.ndarray
    later_purchases: np.ndarray


def simulate(model: str, customers: int, rng: np.random.Generator) -> Shop:
    """A shop of one of the two models.

    A customer buys at a rate of its own, and after each repeat purchase, in MBG/NBD
    after the first purchase too, leaves with a probability of its own.
    """
    r, alpha, a, b = TRUTH[model]
    rate = rng.gamma(r, 1 / alpha, customers)
    dropout = rng.beta(a, b, customers)
    age_days = rng.integers(0, SHOP_DAYS, customers)
    age = age_days / 7
    end = age + AHEAD_DAYS / 7
    repeats, later = np.zeros(customers, int), np.zeros(customers, int)
    now, last = np.zeros(customers), np.zeros(customers)
    is_alive = np.ones(customers, bool)  # on the last day known
    here = np.arange(customers)
    if model == "mbgnbd":
        leaves = rng.random(customers) < dropout
        is_alive[leaves] = False
        here = here[~leaves]
    while here.size:
        now[here] += rng.exponential(1, here.size) / rate[here]
        here = here[now[here] <= end[here]]
        is_known = now[here] <= age[here]
        repeats[here[is_known]] += 1
        last[here[is_known]] = now[here[is_known]]
        later[here[~is_known]] += 1
        leaves = rng.random(here.size) < dropout[here]
        is_alive[here[leaves & is_known]] = False
        here = here[~leaves]
    return Shop(repeats, last, age_days, is_alive, later)


def simulate_spend(customers: int, rng: np.random.Generator) -> tuple:
    """Repeats and their mean of customers who spend by the Gamma-Gamma model."""
    p, q, v = TRUTH["gamma_gamma"]
    repeats = rng.geometric(0.4, customers)
    scale = rng.gamma(q, 1 / v, customers)
    mean = rng.gamma(p * repeats, 1 / (scale * repeats))
    return repeats, mean


def label(number: int) -> str:
    """The origin that a shop is filed under."""
    return str(date(2000, 1, 1) + timedelta(days=number))


def fitted(models, seeds: int, customers: int) -> dict[str, list[tuple]]:
    """By model: data, estimates and fit of each of so many shops."""
    buyers, spenders, wanted, data = [], [], [], {}
    for model in NAMES:
        for _ in range(seeds):
            number = len(wanted)
            rng = np.random.default_rng([customers, number])
            log_mean = None
            if model == "gamma_gamma":
                repeats, mean = simulate_spend(customers // 2, rng)
                groups = {"repeat_purchases": repeats, "repeat_spend": mean}
                log_mean = np.log(mean.mean())
                counts = np.ones(repeats.size)
                data[label(number)] = (repeats, mean, counts)
                spenders.append(
                    pd.DataFrame(
                        {"origin_date": label(number), **groups, "customers": counts}
                    )
                )
            else:
                shop = simulate(model, customers, rng)
                groups = pd.DataFrame(
                    {
                        "origin_date": label(number),
                        "repeat_purchases": shop.repeats,
                        "recency_days": 7 * shop.last,
                        "age_days": shop.age_days,
                    }
                )
                groups = groups.value_counts().rename("customers").reset_index()
                buyers.append(groups)
                weeks = groups["recency_days"] / 7, groups["age_days"] / 7
                data[label(number)] = tuple(
                    column.to_numpy()
                    for column in (
                        groups["repeat_purchases"],
                        *weeks,
                        groups["customers"],
                    )
                )
            wanted.append((label(number), model, customers, log_mean, "to_fit"))
    names = ["origin_date", "model", "customers", "log_mean_spend", "fit_status"]
    fitting = models()
    fitting.put(
        int_fits_wanted=pd.DataFrame(wanted, columns=names),
        int_btyd_groups=pd.concat(buyers),
        int_spend_groups=pd.concat(spenders),
    )
    fitting.run("int_model_fits")
    found = fitting.query(
        "select model, origin_date::date::varchar as shop, status, iterations,"
        " log_likelihood, map(list(parameter), list(value)) as estimates"
        " from int_model_fits group by all order by all"
    )
    result = {model: [] for model in NAMES}
    for row in found.itertuples():
        estimates = [row.estimates[name] for name in NAMES[row.model]]
        result[row.model].append((data[row.shop], np.log(estimates), row))
    return result


def curvature(model: str, point: np.ndarray, data: tuple, step=0.01) -> np.ndarray:
    """Second differences of the log-likelihood about a point of logarithms."""
    size = point.size
    axes = step * np.eye(size)

    def at(logs):
        return LIKELIHOODS[model](model, np.exp(logs), *data)

    result = np.empty((size, size))
    for i in range(size):
        for j in range(i + 1):
            up, across = axes[i], axes[j]
            result[i, j] = result[j, i] = (
                at(point + up + across)
                - at(point + up - across)
                - at(point - up + across)
                + at(point - up - across)
            ) / (4 * step**2)
    return result


def assert_found_again(fits: dict[str, list[tuple]], title: str) -> None:
    """Regions and intervals of 95 % hold the truth in about 95 % of the shops."""
    lines = []
    for model, shops in fits.items():
        assert {row.status for *_, row in shops} == {"converged"}, model
        truth = np.log(TRUTH[model])
        heights, scores = [], []
        for data, point, row in shops:
            at_truth = LIKELIHOODS[model](model, np.exp(truth), *data)
            heights.append(2 * (row.log_likelihood - at_truth))
            errors = np.sqrt(np.diag(np.linalg.inv(-curvature(model, point, data))))
            scores.append((point - truth) / errors)
        scores = np.array(scores)
        held = {"region": np.array(heights) < chi2.ppf(0.95, truth.size)}
        held |= dict(zip(NAMES[model], (np.abs(scores) < 1.96).T, strict=True))
        covered = {name: int(np.sum(shop)) for name, shop in held.items()}
        rounds = max(row.iterations for *_, row in shops)
        lines.append(
            f"{model:<12}{len(shops)} shops, truth in {covered}, mean error in "
            f"standard errors {scores.mean(axis=0).round(2)}, most rounds {rounds}"
        )
        TABLES[title] = "\n".join(lines)
        assert min(heights) >= 0, model  # the summit is not below the truth
        fewest, most = binom.ppf([0.0005, 0.9995], len(shops), 0.95)
        assert all(fewest <= n <= most for n in covered.values()), (model, covered)
        bias = scores.mean(axis=0) * np.sqrt(len(shops))
        assert np.all(np.abs(bias) < 4), (model, bias)


def test_shops_of_5000(models):
    """Customers enough for a fit, in so many shops that coverage shows."""
    assert_found_again(fitted(models, SEEDS, 5_000), "recovery, 5,000 customers")


def test_shops_of_50000(models):
    """Ten times the customers: an error that does not shrink with them shows."""
    assert_found_again(
        fitted(models, LARGE_SEEDS, 50_000), "recovery, 50,000 customers"
    )


@pytest.fixture(scope="module")
def scored(score):
    """Simulated customers with what is known of them, scored by the true parameters."""
    fits, customers, truths = [], [], []
    for number, model in enumerate(("bgnbd", "mbgnbd")):
        shop = simulate(model, SCORED, np.random.default_rng([SCORED, number]))
        fits.append((label(number), model, *TRUTH[model]))
        keys = number * SCORED + np.arange(SCORED)
        customers.append(
            pd.DataFrame(
                {
                    "origin_date": label(number),
                    "customer_key": keys,
                    "repeat_purchases": shop.repeats,
                    "recency_days": 7 * shop.last,
                    "age_days": shop.age_days,
                }
            )
        )
        truths.append(
            pd.DataFrame(
                {
                    "customer_key": keys,
                    "is_alive": shop.is_alive,
                    "bought": shop.later_purchases > 0,
                    "later_purchases": shop.later_purchases,
                }
            )
        )
    names = ["origin_date", "model", "r", "alpha", "a", "b"]
    fits = pd.DataFrame(fits, columns=names)
    horizons = fits[["origin_date"]].assign(horizon_days=AHEAD_DAYS)
    found = score(fits, pd.concat(customers), horizons)
    return found.merge(pd.concat(truths), on="customer_key")


@pytest.mark.parametrize("model", ["bgnbd", "mbgnbd"])
@pytest.mark.parametrize(
    "predicted, actual",
    [
        ("probability_alive", "is_alive"),
        ("repurchase_probability_90d", "bought"),
        ("expected", "later_purchases"),
    ],
)
def test_scores_are_right_in_the_mean(scored, model, predicted, actual):
    """By repeats and by silence, means are the simulated truth to 4 standard errors."""
    rows = scored[scored["model"] == model]
    assert len(rows) == SCORED
    errors = rows[actual].astype(float) - rows[predicted]
    silence = (rows["age_days"] - rows["recency_days"]) // 60
    for cells in (rows["repeat_purchases"].clip(upper=8), silence):
        by_cell = errors.groupby(cells).agg(["mean", "std", "size"])
        by_cell = by_cell[by_cell["std"] > 0]  # all alive, and known to be
        assert len(by_cell) >= 8
        in_errors = by_cell["mean"] / (by_cell["std"] / np.sqrt(by_cell["size"]))
        assert in_errors.abs().max() < 4, in_errors
