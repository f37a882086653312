"""Fits against scipy, and expectations against the published formulas in 60 digits.

What is fitted is counted here: for CDNOW from the file, for the demo from fct_orders,
which the build holds against the raw rows.
"""

from collections import Counter
from datetime import date
from decimal import Decimal, localcontext

import numpy as np
import pytest

pd = pytest.importorskip("pandas", reason="requirements-dev.txt not there")
scipy = pytest.importorskip("scipy", reason="requirements-dev.txt not there")

from scipy.optimize import minimize  # noqa: E402
from scipy.special import gammaln  # noqa: E402

NAMES = {
    "bgnbd": ("r", "alpha", "a", "b"),
    "mbgnbd": ("r", "alpha", "a", "b"),
    "gamma_gamma": ("p", "q", "v"),
}
GOLDEN_END = date(1997, 9, 30)


# -- fits --


def histories(rows, end: date) -> dict[str, np.ndarray]:
    """x, t_x, T of (customer, day, cents) until a day, and how many have them.

    For Gamma-Gamma x, the mean of repeats and how many, where that mean is positive.
    """
    days = {}
    for customer, day, amount in rows:
        if day <= end:
            bought = days.setdefault(customer, Counter())
            bought[day] += amount
    buyers, spenders = Counter(), Counter()
    for bought in days.values():
        first, last = min(bought), max(bought)
        x = len(bought) - 1
        buyers[x, (last - first).days / 7, (end - first).days / 7] += 1
        cents = sum(bought.values()) - bought[first]
        if x and cents > 0:
            spenders[x, cents / 100 / x] += 1
    return {
        "btyd": np.array([[*key, n] for key, n in buyers.items()]).T,
        "gamma_gamma": np.array([[*key, n] for key, n in spenders.items()]).T,
    }


def btyd_log_likelihood(model, parameters, x, t_x, age, customers) -> float:
    """BG/NBD of Fader, Hardie and Lee (2005); MBG/NBD of Batislam et al. (2007).

    As a sum over the two fates: alive now, or gone just after the last purchase.
    """
    r, alpha, a, b = parameters
    drops = x if model == "bgnbd" else x + 1  # chances to drop out, the last included

    def beta(p, q):
        return gammaln(p) + gammaln(q) - gammaln(p + q)

    rate = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    alive = beta(a, b + drops) - (r + x) * np.log(alpha + age)
    with np.errstate(invalid="ignore"):
        gone = beta(a + 1, b + drops - 1) - (r + x) * np.log(alpha + t_x)
    gone = np.where(drops == 0, -np.inf, gone)
    return np.sum(customers * (rate - beta(a, b) + np.logaddexp(alive, gone)))


def gamma_gamma_log_likelihood(_, parameters, x, mean, customers) -> float:
    """Fader and Hardie's note on the Gamma-Gamma model (2013), equation 1a."""
    p, q, v = parameters
    return np.sum(
        customers
        * (
            gammaln(p * x + q)
            - gammaln(p * x)
            - gammaln(q)
            + q * np.log(v)
            + (p * x - 1) * np.log(mean)
            + p * x * np.log(x)
            - (p * x + q) * np.log(x * mean + v)
        )
    )


LIKELIHOODS = {
    "bgnbd": btyd_log_likelihood,
    "mbgnbd": btyd_log_likelihood,
    "gamma_gamma": gamma_gamma_log_likelihood,
}


def by_scipy(model, data) -> tuple[np.ndarray, float]:
    """Parameters and log-likelihood at the summit, by simplex from three starts."""
    size = len(NAMES[model])
    best = None
    for start in (np.zeros(size), np.full(size, 1.0), np.linspace(-1, 1, size)):
        found = minimize(
            lambda logs: -LIKELIHOODS[model](model, np.exp(logs), *data),
            start,
            method="Nelder-Mead",
            bounds=[(-12, 12)] * size,  # beyond them the logarithms cancel out
            options={"xatol": 1e-9, "fatol": 1e-9, "maxiter": 5000, "maxfev": 5000},
        )
        if best is None or found.fun < best.fun:
            best = found
    return np.exp(best.x), -best.fun


def assert_summit(fits: pd.DataFrame, data: dict) -> None:
    """The project's fit is scipy's, or higher up."""
    assert sorted(fits["model"].unique()) == sorted(NAMES)
    for model, names in NAMES.items():
        sample = data["gamma_gamma" if model == "gamma_gamma" else "btyd"]
        rows = fits[fits["model"] == model].set_index("parameter")
        assert set(rows["customers"]) == {sample[-1].sum()}, model
        parameters, log_likelihood = by_scipy(model, sample)
        found = rows["value"][list(names)].to_numpy()
        assert found == pytest.approx(parameters, rel=1e-4), model
        (own,) = set(rows["log_likelihood"])
        assert own > log_likelihood - 1e-6, model
        # What it says of itself is true as well.
        itself = LIKELIHOODS[model](model, found, *sample)
        assert own == pytest.approx(itself, rel=1e-12), model


def test_fits_of_cdnow(cdnow_calibrated, real_data):
    """The CDNOW sample in calibration."""
    rows = []
    with open(real_data / "cdnow/CDNOW_sample.txt", encoding="ascii") as file:
        for line in file:
            _, customer, day, _, dollars = line.split()
            cents = int(Decimal(dollars) * 100)
            rows.append((customer, date.fromisoformat(day), cents))
    assert_summit(
        cdnow_calibrated.query("from model_parameters"), histories(rows, GOLDEN_END)
    )


def test_fits_of_the_demo(demo):
    """The demo at its last day."""
    rows = demo.rows(
        "select customer_key, order_date, (net_amount * 100)::bigint from fct_orders "
        "where customer_key is not null"
    )
    (end,) = demo.row("select distinct as_of_date from model_parameters")
    columns = ["model", "parameter", "value", "log_likelihood", "customers"]
    fits = demo.rows(f"select {', '.join(columns)} from model_parameters")
    assert_summit(pd.DataFrame(fits, columns=columns), histories(rows, end))


# -- expectations --

SHOPS = {
    "CDNOW": (0.2426, 4.4136, 0.7929, 2.4259),
    "generated": (0.55, 8.0, 0.5, 2.0),
    "a just below 1": (0.4, 6.0, 0.9999999, 2.0),
    "a 1": (0.4, 6.0, 1.0, 2.0),
    "a just above 1": (0.4, 6.0, 1.0001, 2.0),
    "a + b 1": (0.4, 6.0, 0.25, 0.75),
    "hardly anybody leaves": (0.6, 10.0, 0.01, 1.5),
    "next to nobody leaves": (0.8, 10.0, 0.0003, 12.0),
    "most leave": (0.6, 10.0, 6.0, 1.2),
    "all alike": (15.0, 120.0, 40.0, 160.0),
    "all or nothing": (0.05, 1.5, 0.06, 0.01),
    "small alpha": (0.3, 0.02, 0.8, 2.4),
    "large alpha": (3.0, 400.0, 1.7, 0.3),
}
REPEATS = [0, 1, 2, 6, 30, 300]
AGES = [0.7, 14, 250, 1400]  # days: .1 to 200 weeks
HORIZONS = [7, 90, 364]


def series(first: Decimal, second: Decimal, third: Decimal, z: Decimal) -> Decimal:
    """The hypergeometric function of Gauss by its own series, until 1e-45."""
    term = total = Decimal(1)
    n = 0
    while abs(term) > Decimal("1e-45") * abs(total) or n < 5:
        term = term * (first + n) * (second + n) / (third + n) / (n + 1) * z
        total += term
        n += 1
        if term == 0:
            break
    return total


def published(model, shop, x, last, age, days) -> tuple[Decimal, Decimal]:
    """P(alive) and the expectation given alive, weeks, in 60 digits.

    BG/NBD: Fader, Hardie and Lee (2005), equation 10; MBG/NBD: Batislam et al. (2007),
    equation 9, which is the same of b + 1. The hypergeometric function goes through
    Euler's transformation (Abramowitz and Stegun 15.3.3). At a = 1 the formula is a
    limit, as it is for BG/NBD of no repeats at a + b = 1: 1e-25 beside it.
    """
    r, alpha, a, b = (Decimal(repr(value)) for value in shop)
    t_x, now, ahead = (Decimal(repr(value)) / 7 for value in (last, age, days))
    a += Decimal("1e-25")
    b += model == "mbgnbd"
    silent = ((alpha + now) / (alpha + t_x)) ** (r + x)
    odds = 0 if model == "bgnbd" and x == 0 else a / (b + x - 1) * silent
    z = ahead / (alpha + now + ahead)
    third = a + b + x - 1
    integral = (1 - z) ** (a - 1) * series(third - x - r, a - 1, third, z)
    return Decimal(1) / (1 + odds), third / (a - 1) * (1 - integral)


@pytest.fixture(scope="module")
def grid(score):
    """Every shop, model, history and horizon, scored by the project."""
    fits, customers, horizons = [], [], []
    for number, shop in enumerate(SHOPS.values()):
        label = f"2000-01-{number + 1:02}"
        fits += [(label, model, *shop) for model in ("bgnbd", "mbgnbd")]
        horizons += [(label, days) for days in HORIZONS]
        for x in REPEATS:
            for age in AGES:
                last = age * (x / (x + 1))
                customers.append((label, len(customers), x, last, age))
    names = ["customer_key", "repeat_purchases", "recency_days", "age_days"]
    return score(
        pd.DataFrame(fits, columns=["origin_date", "model", "r", "alpha", "a", "b"]),
        pd.DataFrame(customers, columns=["origin_date", *names]),
        pd.DataFrame(horizons, columns=["origin_date", "horizon_days"]),
    )


def test_expectations_are_the_published_formulas(grid):
    """P(alive) is right to 1e-12, expectations to 1e-8, from a and b of .01 on.

    Most are right to 1e-11; the worst are those of 300 repeats where a is small.
    """
    shops = dict(enumerate(SHOPS.values(), 1))
    worst = {}
    with localcontext() as context:
        context.prec = 60
        for row in grid.itertuples():
            number = int(row.origin_date[-2:])
            alive, expected = published(
                row.model,
                shops[number],
                int(row.repeat_purchases),
                float(row.recency_days),
                float(row.age_days),
                float(row.horizon_days),
            )
            errors = [
                float(abs(Decimal(row.probability_alive) / alive - 1)),
                float(abs(Decimal(row.expected_if_alive) / expected - 1)),
            ]
            for name, error in zip(("alive", "expected"), errors, strict=True):
                known = (error, list(SHOPS)[number - 1], *row[2:9])
                worst[name] = max(worst.get(name, (0,)), known)
    assert len(grid) == len(SHOPS) * 2 * len(REPEATS) * len(AGES) * len(HORIZONS)
    assert worst["alive"][0] < 1e-12, worst["alive"]
    assert worst["expected"][0] < 1e-8, worst["expected"]
