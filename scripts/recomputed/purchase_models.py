"""BG/NBD, MBG/NBD and Gamma-Gamma: fit and expectations (decision 15).

On other ways than the models': the likelihoods are sums of logarithms of whole steps
(gamma functions only appear as quotients, but for Gamma-Gamma), their slopes are
written out, and the purchases to come are added up by their number.
"""

import math

import polars as pl

MODELS = {"bgnbd": ["r", "alpha", "a", "b"], "mbgnbd": ["r", "alpha", "a", "b"]}
SPEND = ["p", "q", "v"]
SMALL_STEP = 1e-9
MOST_ROUNDS = 50
MOST_TERMS = 200_000
WIDEST_STEP = 2.0
FARTHEST = 25.0  # logarithm of a parameter that is none


# ---- likelihoods ----


class PurchaseModel:
    """Log-likelihood and slope of BG/NBD or MBG/NBD over customers' `x`, days.

    MBG/NBD gives the first purchase a chance to be the last, too, and BG/NBD does not:
    it has one chance to drop out less.
    """

    start = (1.0, 10.0, 1.0, 2.0)

    def __init__(self, model: str, people: pl.DataFrame):
        self.less = 1 if model == "bgnbd" else 0
        groups = people.group_by("x", "last_age", "age").agg(
            n=pl.len().cast(pl.Float64)
        )
        weeks = [pl.col(name) / 7.0 for name in ("last_age", "age")]
        self.groups = groups.select(
            "n", pl.col("x").cast(pl.Float64), t_x=weeks[0], t=weeks[1]
        )
        self.customers = len(people)
        counts = dict(groups.group_by("x").agg(pl.col("n").sum()).iter_rows())
        self.more, left = [], float(len(people))  # customers with x above i
        for i in range(max(counts, default=0)):
            left -= counts.get(i, 0.0)
            self.more.append(left)

    def score(self, point) -> tuple[float, list[float]]:
        """Log-likelihood and its slope in the logarithms of r, alpha, a, b."""
        r, alpha, a, b = (math.exp(value) for value in point)
        n, x = pl.col("n"), pl.col("x")
        now, last, late = (
            pl.col("t") + alpha,
            pl.col("t_x") + alpha,
            x + (b - self.less),
        )
        quiet = (now / last).log()
        odds = (math.log(a) - late.log() + (x + r) * quiet).alias("odds")
        if self.less:
            odds = pl.when(x > 0).then(odds).otherwise(-math.inf).alias("odds")
        gone = 1 / (1 + (-pl.col("odds")).exp())
        above = pl.max_horizontal(pl.col("odds"), 0.0)
        sums = (
            self.groups.with_columns(odds, now=now, last=last, late=late, quiet=quiet)
            .with_columns(
                gone=gone * n, more=above + (-pl.col("odds").abs()).exp().log1p()
            )
            .select(
                part=(n * (pl.col("more") - (x + r) * pl.col("now").log())).sum(),
                by_r=(pl.col("gone") * pl.col("quiet") - n * pl.col("now").log()).sum(),
                by_alpha=(
                    (x + r)
                    * (pl.col("gone") * (1 / pl.col("now") - 1 / pl.col("last")))
                    - n * (x + r) / pl.col("now")
                ).sum(),
                by_a=pl.col("gone").sum() / a,
                by_b=-pl.when(pl.col("gone") > 0)
                .then(pl.col("gone") / pl.col("late"))
                .otherwise(0.0)
                .sum(),
            )
            .row(0)
        )
        value, by_r, by_alpha, by_a, by_b = sums
        total = self.customers
        terms = [value, total * r * point[1]]
        by_r += total * point[1]
        by_alpha += total * r / alpha
        for i, count in enumerate(self.more):
            terms.append(count * math.log(r + i))
            by_r += count / (r + i)
        chances = self.more if self.less else [float(total), *self.more]
        for i, count in enumerate(chances):
            terms.append(-count * math.log1p(a / (b + i)))
            by_a -= count / (a + b + i)
            by_b += count * (1 / (b + i) - 1 / (a + b + i))
        slope = [by_r * r, by_alpha * alpha, by_a * a, by_b * b]
        return math.fsum(terms), slope


class SpendModel:
    """Log-likelihood and slope of Gamma-Gamma over customers' `x` and `mean`."""

    def __init__(self, people: pl.DataFrame):
        mean = people["mean"]
        self.start = (1.0, 2.0, mean.mean() if len(people) else 1.0)
        self.groups = people.select(x=pl.col("x").cast(pl.Float64), money="mean")
        self.by_x = people.group_by("x").agg(pl.len()).rows()
        x, money = self.groups["x"], self.groups["money"]
        self.logs = (x * (x.log() + money.log())).sum()
        self.log_money = money.log().sum()

    def score(self, point) -> tuple[float, list[float]]:
        p, q, v = (math.exp(value) for value in point)
        x, all_money = pl.col("x"), pl.col("x") * pl.col("money") + v
        value, by_p, by_v, logs = self.groups.select(
            (-(x * p + q) * all_money.log()).sum().alias("value"),
            (-x * all_money.log()).sum().alias("by_p"),
            (-(x * p + q) / all_money).sum().alias("by_v"),
            all_money.log().sum().alias("logs"),
        ).row(0)
        total = len(self.groups)
        terms = [value, p * self.logs - self.log_money, total * q * point[2]]
        by_p += self.logs
        by_q = total * point[2] - logs
        by_v += total * q / v
        for purchases, count in self.by_x:
            shape = p * purchases
            terms.append(
                count * (math.lgamma(shape + q) - math.lgamma(shape) - math.lgamma(q))
            )
            both = digamma(shape + q)
            by_p += count * purchases * (both - digamma(shape))
            by_q += count * (both - digamma(q))
        return math.fsum(terms), [by_p * p, by_q * q, by_v * v]


def digamma(value: float) -> float:
    """Slope of the logarithm of the gamma function."""
    below = 0.0
    while value < 10:
        below += 1 / value
        value += 1
    square = 1 / value**2
    series = square * (
        1 / 12
        - square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square / 132)))
    )
    return math.log(value) - 0.5 / value - series - below


# ---- search ----


def solve(matrix, right) -> list[float] | None:
    """The solution of a positive definite system (Cholesky); None where it is not."""
    size = len(right)
    lower = [[0.0] * size for _ in right]
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j] - sum(lower[i][k] * lower[j][k] for k in range(j))
            if i == j:
                if not rest > 1e-12 * abs(matrix[i][i]):
                    return None
                lower[i][i] = math.sqrt(rest)
            else:
                lower[i][j] = rest / lower[j][j]
    found = list(right)
    for i in range(size):
        found[i] -= sum(lower[i][k] * found[k] for k in range(i))
        found[i] /= lower[i][i]
    for i in reversed(range(size)):
        found[i] -= sum(lower[k][i] * found[k] for k in range(i + 1, size))
        found[i] /= lower[i][i]
    return found


def bend(score, point) -> list[list[float]]:
    """How the slope falls: minus the second derivatives, by its differences."""
    width, rows = 1e-4, []
    for i in range(len(point)):
        sides = []
        for sign in (1, -1):
            moved = list(point)
            moved[i] += sign * width
            sides.append(score(moved)[1])
        rows.append([(b - a) / (2 * width) for a, b in zip(*sides, strict=True)])
    size = range(len(point))
    return [[(rows[i][j] + rows[j][i]) / 2 for j in size] for i in size]


def raise_until_solved(curve, slope) -> tuple[list[float], bool]:
    """The Newton step, and whether it is one: if not, of a matrix made definite."""
    step, ridge = solve(curve, slope), 0.0
    is_whole = step is not None
    while step is None:
        size = max(abs(curve[i][i]) for i in range(len(slope)))
        ridge = 10 * ridge if ridge else 1e-12 * size + 1e-12
        step = solve(
            [
                [entry + ridge * (i == j) for j, entry in enumerate(line)]
                for i, line in enumerate(curve)
            ],
            slope,
        )
    return step, is_whole


def maximize(model, start=None) -> tuple[list[float], float, bool] | None:
    """Parameters of the highest likelihood, that, and whether the data fix them.

    None where there is no maximum in reach. They are fixed where the standard error of
    every logarithm is below 1: where it is not, a search may well lose its way.
    """
    point = [math.log(value) for value in start or model.start]
    value, slope = model.score(point)
    for _ in range(MOST_ROUNDS):
        curve = bend(model.score, point)
        step, is_whole = raise_until_solved(curve, slope)
        widest = max(abs(part) for part in step)
        if is_whole and widest < SMALL_STEP:
            size = range(len(point))
            units = [[float(i == j) for j in size] for i in size]
            fixed = all(solve(curve, unit)[i] < 1 for i, unit in enumerate(units))
            return [math.exp(part) for part in point], value, fixed
        share = min(1.0, WIDEST_STEP / widest)
        # Where less is to be gained than the sum is exact to, the step has to do.
        gain = sum(a * b for a, b in zip(slope, step, strict=True))
        is_certain = is_whole and gain < 1e-10 * abs(value)
        for _ in range(15):
            moved = [a + share * b for a, b in zip(point, step, strict=True)]
            higher, new_slope = model.score(moved)
            if higher > value or is_certain:
                break
            share /= 2
        else:
            return None
        if max(abs(part) for part in moved) > FARTHEST:
            return None
        point, value, slope = moved, higher, new_slope
    return None


# ---- expectations ----


def with_chances(people: pl.DataFrame, model: str) -> pl.DataFrame:
    """`people` (x, last_age, age and the parameters in columns) with what follows.

    `alive`; `shape` and `rate` of the purchases to come; `stay`, the second parameter
    of the chance to drop out, given alive.
    """
    less = 1 if model == "bgnbd" else 0
    x, b = pl.col("x"), pl.col("b")
    rate = pl.col("alpha") + pl.col("age") / 7.0
    quiet = (rate / (pl.col("alpha") + pl.col("last_age") / 7.0)).log()
    odds = pl.col("a") / (b + x - less) * ((pl.col("r") + x) * quiet).exp()
    if less:
        odds = pl.when(x > 0).then(odds).otherwise(0.0)
    return people.with_columns(
        alive=1 / (1 + odds), shape=pl.col("r") + x, rate=rate, stay=b + x + 1 - less
    )


def expected_purchases(cases: pl.DataFrame) -> pl.Series:
    """Purchases expected in `weeks` of a customer alive: `shape`, `rate`, `a`, `stay`.

    Without drop-out the number k of the coming purchases is negative binomial; the
    j-th of them happens where none of the j - 1 before was the last one, which has the
    chance of that many failures of a beta-binomial. So the sum over k of P(k) x (the
    chances of 1 to k) is the expectation: positive terms only, as many as it takes.
    """
    if cases.is_empty():
        return pl.Series("expected", [], dtype=pl.Float64)
    share = pl.col("weeks") / (pl.col("rate") + pl.col("weeks"))
    left = cases.select(
        "shape",
        "a",
        "stay",
        log_share=share.log(),
        share=share,
        log_chance=pl.col("shape") * (-share).log1p(),
        go_on=pl.lit(1.0),
        reached=pl.lit(0.0),
        expected=pl.lit(0.0),
    ).with_row_index("case")
    done, k = [], 0
    while len(left) and k < MOST_TERMS:
        k += 1
        n, i = pl.col("shape"), float(k - 1)
        left = left.with_columns(
            log_chance=pl.col("log_chance") + pl.col("log_share") + ((n + i) / k).log(),
            reached=pl.col("reached") + pl.col("go_on"),
            go_on=pl.col("go_on")
            * (pl.col("stay") + i)
            / (pl.col("a") + pl.col("stay") + i),
        ).with_columns(
            expected=pl.col("expected") + pl.col("log_chance").exp() * pl.col("reached")
        )
        if k % 8 == 0:
            # From here on terms fall at least like a geometric series: each has at most
            # `ratio` of the one before.
            ratio = pl.col("share") * (1 + (n - 1).clip(0.0) / (k + 1)) * (k + 1) / k
            rest = pl.col("log_chance").exp() * pl.col("reached") / (1 - ratio)
            ends = ((ratio < 1) & (rest <= 1e-13 * pl.col("expected"))).fill_null(True)
            done.append(left.filter(ends).select("case", "expected"))
            left = left.filter(~ends)
    done.append(left.select("case", "expected"))
    return pl.concat(done).sort("case")["expected"]
