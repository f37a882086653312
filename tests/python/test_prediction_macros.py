"""The search for parameters, on functions whose summit is known by hand.

The macros of the search use no database: here Jinja runs them without dbt.
"""

import hashlib
from math import exp, factorial, log
from types import SimpleNamespace

import duckdb
import jinja2
import pytest
from conftest import ROOT
from dbt.cli.main import dbtRunner

NAMES = [
    "candidate_rows",
    "maximum_likelihood",
    "moved",
    "newton_points",
    "solve_definite",
    "stencil",
]


class Returned(Exception):
    """What a macro returns, thrown through its template as dbt does it."""


def give_back(value):
    raise Returned(value)


def callable_macro(path, project):
    """A macro file as a function; other macros are project.<name>."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    given = {"return": give_back, "repurchase": project}
    module = environment.from_string(path.read_text("utf-8")).make_module(given)

    def call(*arguments):
        try:
            return getattr(module, path.stem)(*arguments)
        except Returned as returned:
            return returned.args[0]

    return call


MACROS = SimpleNamespace()
for macro_name in NAMES:
    macro = callable_macro(ROOT / "macros" / "prediction" / f"{macro_name}.sql", MACROS)
    setattr(MACROS, macro_name, macro)


def near(numbers):
    return pytest.approx(numbers, rel=1e-12, abs=1e-12)


def climb(function, **starts):
    """The search on a function of the parameters, by the names of the fits."""

    def scores(groups, about, tried):
        assert groups == "the groups"
        assert not about.keys() & tried.keys()
        return {
            fit: [function(fit, *candidate) for candidate in candidates]
            for fit, candidates in (about | tried).items()
        }

    return MACROS.maximum_likelihood(starts, scores, "the groups")


def test_a_stencil_is_steps_and_corners():
    """The point, one up and down each axis, two, three up and down, then ++, +-, -+ and
    -- of each pair, its later axis first."""
    assert MACROS.moved([1, 2, 3], {0: 0.5, 2: -1}) == [1.5, 2, 2]
    assert MACROS.stencil([1, 2], 0.5) == [
        *([1, 2], [1.5, 2], [0.5, 2], [2, 2], [0, 2], [2.5, 2], [-0.5, 2]),
        *([1, 2.5], [1, 1.5], [1, 3], [1, 1], [1, 3.5], [1, 0.5]),
        *([1.5, 2.5], [0.5, 2.5], [1.5, 1.5], [0.5, 1.5]),
    ]
    points = MACROS.stencil([0, 0, 0, 0], 1)
    assert len(points) == 1 + 6 * 4 + 4 * 6
    assert len({tuple(point) for point in points}) == 49
    pairs = [[axis for axis in range(4) if point[axis]] for point in points[25::4]]
    assert pairs == [[0, 1], [0, 2], [1, 2], [0, 3], [1, 3], [2, 3]]


def test_equations_are_solved_where_there_is_a_summit():
    """4 x + 2 y = 10 and 2 x + 3 y = 9 hold for 1.5 and 2."""
    assert MACROS.solve_definite([[4]], [2]) == [0.5]
    assert MACROS.solve_definite([[4, 2], [2, 3]], [10, 9]) == near([1.5, 2])
    three = [[2, -1, 0], [-1, 2, -1], [0, -1, 2]]
    assert MACROS.solve_definite(three, [1, 0, 1]) == near([1, 1, 1])
    for saddle_or_valley in [[1, 2], [2, 1]], [[0, 0], [0, 1]], [[1, 0], [0, -1]]:
        assert MACROS.solve_definite(saddle_or_valley, [1, 1]) is None
    assert MACROS.solve_definite([[4]], [2], 3.9) == [0.5]
    assert MACROS.solve_definite([[4]], [2], 4) is None


def test_steps_go_to_the_summit_and_shorter_where_damped():
    """At (1, 0) of -2 x^2 - 2 y^2 + 2 x y the gradient is (-4, 2), the curvatures are
    -4, the mixed one 2: the full step is (-1, 0). Damped, 4 + (4 + 1) = 9 stands where
    4 was: (-4 x 9 + 2 x 2) / 77 and (2 x 9 - 4 x 2) / 77."""
    values = [
        *(-2, -4.5, -0.5, -8, 0, -12.5, -0.5),
        *(-1.5, -3.5, -2, -6, -3.5, -9.5),
        *(-3.5, -0.5, -6.5, -1.5, 77),
    ]
    full, damped = MACROS.newton_points([1, 0], values, 0.5, [0, 1])
    assert (full["damping"], damped["damping"]) == (0, 1)
    assert [full["length"], *full["point"]] == near([1, 0, 0])
    assert damped["point"] == near([1 - 32 / 77, 10 / 77])
    assert damped["length"] == near(32 / 77)


def test_no_step_is_longer_than_two():
    """-x^2 at 10: the summit is 10 away, which is the length; 2 of it are gone."""
    values = [-100, -121, -81, -144, -64, -169, -49]
    (step,) = MACROS.newton_points([10], values, 1, [0])
    assert (step["length"], step["point"]) == (near(10), near([8]))


def test_a_saddle_has_no_full_step():
    """x^2 - y^2 at (1, 1), gradient (2, -2): damped, 2 + 1 - 2 = 1 and 2 + 1 + 2 = 5
    divide it. Along x^2 alone, gradient 2, it is 2 + 1 - 2 = 1 as well."""
    values = [
        *(0, 1.25, -0.75, 3, -1, 5.25, -0.75, -1.25, 0.75, -3, 1, -5.25, 0.75),
        *(0, -2, 2, 0),
    ]
    (step,) = MACROS.newton_points([1, 1], values, 0.5, [0, 1])
    assert step["damping"] == 1
    assert step["point"] == near([3, 0.6])
    (step,) = MACROS.newton_points([1], [1, 4, 0, 9, 1, 16, 4], 1, [0, 1])
    assert (step["damping"], step["point"]) == (1, near([3]))


def test_slopes_are_exact_to_the_sixth_power():
    """x^6 at 1, less 32 x^2: slope 6 - 64 = -58, curvature by a step 64 - 2 - 64."""
    values = [x**6 - 32 * x**2 for x in (1, 2, 0, 3, -1, 4, -2)]
    (step,) = MACROS.newton_points([1], values, 1, [0])
    assert step["length"] == near(58 / 2)


def test_a_flat_summit_has_no_full_step():
    """A curvature of 0.002 is one, of 0.0008 is none; nor of 0.5 where values of 1e14
    say so, of which 1 is rounding."""
    for curvature, height, dampings in [
        (0.002, 0, [0, 1]),
        (0.0008, 0, [1]),
        (0.5, 1e14, [1]),
    ]:
        values = [height - curvature * x**2 / 2 for x in (0, 1, -1, 2, -2, 3, -3)]
        steps = MACROS.newton_points([0], values, 1, [0, 1])
        assert [step["damping"] for step in steps] == dampings


def test_a_summit_is_found():
    """At (3, -1), with the height of each fit; who begins there does not go far."""
    heights = {"far": 5, "near": 7}

    def hill(fit, x, y):
        x, y = x - 3, y + 1
        return heights[fit] - 2 * x**2 - y**2 - x * y - x**4

    found = climb(hill, far=[0, 0], near=[3, -1])
    for fit, height in heights.items():
        assert found[fit]["status"] == "converged"
        assert found[fit]["point"] == pytest.approx([3, -1], abs=1e-9)
        assert found[fit]["log_likelihood"] == pytest.approx(height, abs=1e-9)
    assert 1 <= found["near"]["rounds"] < found["far"]["rounds"] <= 15
    assert climb(hill) == {}


def test_rounding_does_not_hide_a_flat_summit():
    """A likelihood of 15 digits, curvature 0.01 along x: a step goes to the summit as
    near as the digits show it, and the search ends there."""

    def ridge(_, x, y):
        return round(-37645 + 0.01 * (x - exp(x - 1)) - 99 * (y - x) ** 2, 10)

    found = climb(ridge, fit=[0.7, 1])["fit"]
    assert (found["status"], found["rounds"] <= 7) == ("converged", True)
    assert found["point"] == pytest.approx([1, 1], abs=1e-6)


def test_a_damped_step_gets_over_a_saddle():
    """x^2 - x^4 has its summits at the root of 1/2 and a saddle at 0, where it is 0."""
    found = climb(lambda fit, x, y: x**2 - x**4 - y**2, fit=[0.01, 1])["fit"]
    assert found["status"] == "converged"
    assert found["point"] == pytest.approx([0.5**0.5, 0], abs=1e-6)
    assert found["log_likelihood"] == pytest.approx(0.25, abs=1e-9)


def test_a_step_down_is_taken_back():
    """-ln(1 + x^2) at 0.9 is almost straight: the full step, cut to 2, leads to -1.1
    and down. The best of the shorter ones is where the search goes on."""
    seen = []

    def scores(_, about, tried):
        seen.append([x for (x,) in (about | tried)["fit"]])
        return {"fit": [-log(1 + x**2) for x in seen[-1]]}

    found = MACROS.maximum_likelihood({"fit": [0.9]}, scores, None)["fit"]
    first, second, shorter, fourth = seen[:4]
    assert (first[0], second[0]) == near((0.9, -1.1))
    assert min(map(abs, shorter)) < 0.9 and all(x < 0.9 for x in shorter)
    assert fourth[0] == min(shorter, key=abs)
    assert found["status"] == "converged"
    assert found["point"] == pytest.approx([0], abs=1e-6)


def test_a_search_that_only_goes_down_ends():
    """A function that falls each time it is asked has no summit."""
    height = []

    def scores(_, about, tried):
        height.append(len(height))
        points = (about | tried)["fit"]
        return {"fit": [-(x**2) - 1e6 * len(height) for (x,) in points]}

    found = MACROS.maximum_likelihood({"fit": [9]}, scores, None)["fit"]
    assert (found["status"], found["rounds"], found["point"]) == (
        "not_converged",
        3,
        [9],
    )


def test_without_a_summit_nothing_is_found():
    """A slope ends where parameters are absurd; steps of 0.1 on an edge that never
    ends, after 25 queries."""
    slope = climb(lambda fit, x: x, fit=[0])["fit"]
    assert slope["status"] == "not_converged"
    assert slope["rounds"] < 25
    edge = climb(lambda fit, x: -exp(-10 * x), fit=[0])["fit"]
    assert edge["status"] == "not_converged"
    assert edge["rounds"] == 25


def test_candidates_are_rows_of_texts():
    """Numbered from 0 in each fit, seen from the first or from themselves, with a comma
    between rows and none at the end."""
    first, second = ("bgnbd", "2024-12-31"), ("mbgnbd", "2024-10-02")
    about, tried = {first: [[-1, 2], [0, 0.5]]}, {second: [[1, 1], [3, 4]]}
    rows = MACROS.candidate_rows(about, tried)
    assert [row.split() for row in rows.strip().splitlines()] == [
        ["('bgnbd',", "'2024-12-31',", "'0',", "'0',", "'-1',", "'2'),"],
        ["('bgnbd',", "'2024-12-31',", "'1',", "'0',", "'0',", "'0.5'),"],
        ["('mbgnbd',", "'2024-10-02',", "'0',", "'0',", "'1',", "'1'),"],
        ["('mbgnbd',", "'2024-10-02',", "'1',", "'1',", "'3',", "'4')"],
    ]
    rows = MACROS.candidate_rows(about, {}).strip()
    assert rows.count("\n") == 1 and rows.endswith("'0.5')")


def test_bootstrap_weights_are_poisson_draws_of_md5(tmp_path, monkeypatch):
    """All 20,000 weights, from hashlib and the sums of 1 / (e k!)."""
    monkeypatch.setenv("REPURCHASE_BUILD_DATABASE", str(tmp_path / "weights.duckdb"))
    sums = [sum(exp(-1) / factorial(k) for k in range(n + 1)) for n in range(7)]
    wanted = []
    for block in range(100):
        for replicate in range(1, 201):
            digest = hashlib.md5(f"{replicate}|{block}".encode()).hexdigest()
            draw = int(digest[:15], 16) % 1_000_000 / 1_000_000
            wanted.append((block, replicate, sum(draw >= share for share in sums)))
    done = dbtRunner().invoke(
        ["compile", "--quiet", "--select", "int_bootstrap_weights"]
        + ["--target-path", str(tmp_path)]
        + ["--project-dir", str(ROOT), "--profiles-dir", str(ROOT)]
    )
    assert done.success, done.exception
    query = done.result.results[0].node.compiled_code
    found = duckdb.sql(f"select block, replicate, weight from ({query}) order by all")
    assert found.fetchall() == wanted
