"""The benchmark: rivals give what the marts hold, and figures are what was measured."""

import json
import re
import runpy
import sys

import benchmark
import duckdb
import polars as pl
import pytest
import yaml
from benchmarking import equality, measuring, page, parts, shops, tasks
from conftest import ROOT

import docs

ORDERS = 7300  # of 2,000 customers
RIVALS = ROOT / "benchmarks"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("benchmark")


@pytest.fixture(scope="module")
def shop(folder):
    """A clean shop, but for some orders, refunds and products that come twice: rivals
    drop older versions, too."""
    made = shops.shop(folder, ORDERS)
    for entity, column in [
        ("orders", "gross_amount"),
        ("refunds", "refund_amount"),
        ("products", "category"),
    ]:
        rows = pl.read_parquet(made / f"{entity}-*.parquet").gather_every(20)
        older = rows.with_columns(
            pl.lit("1.00").alias(column), updated_at=pl.lit("2022-12-31T15:00:00Z")
        )
        pl.concat([older, rows]).write_parquet(made / f"{entity}-0.parquet")
    return made


@pytest.fixture(scope="module")
def core(models, folder, shop):
    """Its raw tables, and the core marts of it."""
    built = models()
    built.load("standard", shop)
    raw = folder / "raw.duckdb"
    measuring.copied(built.database, raw)()
    built.run(*(f"+{mart}" for mart in equality.COLUMNS))
    with duckdb.connect(str(built.database)) as con:
        con.execute("checkpoint")
    marts = folder / "marts.duckdb"
    measuring.copied(built.database, marts)()
    return raw, marts


def run_script(name, *arguments, monkeypatch):
    monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
    runpy.run_path(str(RIVALS / name), run_name="__main__")


# -- rivals --


@pytest.mark.slow
def test_hand_written_sql_gives_what_the_marts_hold(core, folder, monkeypatch):
    raw, marts = core
    rival = folder / "rival.duckdb"
    measuring.copied(raw, rival)()
    monkeypatch.chdir(ROOT)
    tasks.hand_sql(str(rival))
    tasks.compare(str(marts), str(rival))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["polars", "pandas"])
def test_frames_give_what_the_marts_hold(name, core, shop, folder, monkeypatch):
    if name == "pandas":
        pytest.importorskip("pyarrow", reason="requirements-benchmark.txt not there")
    _, marts = core
    out = folder / name
    run_script(f"core_marts_{name}.py", shop, out, monkeypatch=monkeypatch)
    tasks.compare(str(marts), str(out))


@pytest.mark.slow
def test_of_two_orders_in_a_second_any_may_be_first(core):
    """A rival may number them as it likes, those of other customers not."""
    with duckdb.connect() as con:
        con.execute(f"attach '{core[1]}' as built (read_only)")
        con.execute("create schema ours; create schema theirs")
        con.execute("create table ours.fct_orders as from built.marts.fct_orders")
        (one,) = con.execute(
            "select customer_key from ours.fct_orders where order_number = 2 limit 1"
        ).fetchone()
        pair = f"customer_key = {one} and order_number < 3"
        con.execute(
            f"create table theirs.fct_orders as select * replace (case when {pair} "
            "then 3 - order_number else order_number end as order_number) "
            "from ours.fct_orders"
        )
        assert equality.differences(con, "fct_orders") == {"order_number": 2}
        for side in ("ours", "theirs"):
            con.execute(
                f"update {side}.fct_orders set ordered_at = '2024-05-01' where {pair}"
            )
        assert equality.differences(con, "fct_orders") == {}


def changed(column: str, kind: str) -> str:
    """The least change of a value that has to be seen."""
    if kind == "DOUBLE":
        return f"{column} * (1 + 3e-9)"
    if kind.startswith("DECIMAL"):
        return f"{column} + 0.01"
    if kind in ("DATE", "TIMESTAMP"):
        return f"{column} + interval 1 day"
    return {"BOOLEAN": f"not {column}", "VARCHAR": f"{column} || '.'"}.get(
        kind, f"{column} + 1"
    )


@pytest.mark.slow
@pytest.mark.parametrize("mart", equality.COLUMNS)
def test_a_difference_in_any_column_is_seen(mart, core):
    """A value moved least or gone, a row gone or there twice."""
    _, columns = equality.COLUMNS[mart]
    with duckdb.connect() as con:
        con.execute(f"attach '{core[1]}' as built (read_only)")
        con.execute("create schema ours; create schema theirs")
        for name in equality.COLUMNS:
            for side in ("ours", "theirs"):
                con.execute(f"create view {side}.{name} as from built.marts.{name}")

        def found(rows: str) -> dict:
            con.execute(f"create or replace view theirs.{mart} as {rows}")
            return equality.differences(con, mart)

        described = con.execute(f"describe ours.{mart}").fetchall()
        types = {name: kind for name, kind, *_ in described}
        everything = f"from built.marts.{mart}"
        assert found(everything) == {}
        for column in columns.split():
            first = f"select min(rowid) {everything} where {column} is not null"
            if types[column] == "DOUBLE":
                first += f" and {column} <> 0"
            for value in (changed(column, types[column]), "null"):
                other = f"case when rowid = ({first}) then {value} else {column} end"
                rows = f"select * replace ({other} as {column}) {everything}"
                assert found(rows) == {column: 1}, (column, value)
        assert found(f"{everything} offset 1")["rows"] == 1
        assert found(f"{everything} union all ({everything} limit 1)")["rows"] == 1


def test_the_lean_set_is_what_is_compared():
    text = (ROOT / "selectors.yml").read_text("utf-8")
    lean, release = yaml.safe_load(text)["selectors"]
    assert (lean["name"], release["name"]) == ("lean", "release")
    chosen = [part for part in lean["definition"]["union"] if "value" in part]
    named = [part for part in chosen if part["method"] == "fqn"]
    assert {part["value"] for part in named} == set(equality.COLUMNS)
    assert all(part["parents"] for part in named)
    # And what the next build goes on from.
    (other,) = [part["value"] for part in chosen if part not in named]
    assert other == "models/intermediate/increments"


# -- what is measured --


def test_a_process_and_its_phases_are_measured():
    """CPU of a second of work, where its phases begin, and what it left."""
    work = (
        "import sys, time\n"
        "def burn(seconds):\n"
        "    end = time.process_time() + seconds\n"
        "    while time.process_time() < end: pass\n"
        "print('first ...', file=sys.stderr, flush=True); burn(.2)\n"
        "print('then more ...', file=sys.stderr, flush=True); burn(.6)\n"
    )
    found = measuring.measure(measuring.Step("work", [sys.executable, "-c", work]))
    assert 0.8 <= found["cpu_s"] < 2 and found["wall_s"] > 0
    assert list(found["phases"]) == ["start", "first", "then more"]
    assert found["phases"]["then more"] > 2 * found["phases"]["first"] > 0.3
    assert 5 < found["peak_mb"] < 5000


def test_a_step_that_fails_says_why():
    failing = [sys.executable, "-c", "raise SystemExit('no such shop')"]
    with pytest.raises(measuring.BenchmarkError, match="reading failed: no such shop"):
        measuring.measure(measuring.Step("reading", failing))


def test_ratios_are_of_the_same_round():
    runs = {
        "one": [{"cpu_s": 10.0}, {"cpu_s": 20.0}, {"cpu_s": 40.0}],
        "other": [{"cpu_s": 10.0}, {"cpu_s": 10.0}, {"cpu_s": 10.0}],
    }
    assert measuring.ratios(runs, "one", "other") == (2.0, 1.0, 4.0)


def test_new_orders_come_after_the_others(folder):
    """Files of the first shop stay; each order, line and customer comes once."""
    made = shops.shop(folder / "increments", ORDERS)
    target = made.parent
    shops.split(target, made)
    places = {name: target / f"{made.name}_{name}" for name in ("base", *shops.SHARES)}
    base = pl.read_parquet(places["base"] / "orders-*.parquet")
    assert shops.orders_in(places["base"]) == base.height
    for name, share in shops.SHARES.items():
        for file in places["base"].iterdir():
            assert (places[name] / file.name).samefile(file)
        new = pl.read_parquet(places[name] / "orders-b.parquet")
        assert abs(new.height - share * base.height) <= 0.01 * share * base.height + 2
        assert new["ordered_at"].min() >= base["ordered_at"].max()
        rows = {
            entity: pl.read_parquet(places[name] / f"{entity}-*.parquet")
            for entity in shops.ENTITIES
        }
        assert rows["orders"]["order_id"].is_unique().all()
        assert set(rows["order_items"]["order_id"]) == set(rows["orders"]["order_id"])
        assert rows["customers"]["customer_id"].is_unique().all()
        buyers = set(rows["orders"]["customer_id"])
        assert set(rows["customers"]["customer_id"]) == buyers


@pytest.mark.slow
def test_what_is_measured_goes_on_from_the_last_build(folder):
    """An increment has touched the new orders and no other."""
    made = shops.shop(folder / "grown", ORDERS)
    places = shops.increments(made.parent, made)
    database = folder / "grown.duckdb"
    counts = []
    for name in ("base", "1 %"):
        step = measuring.task("grow", database, places[name], *parts.LEAN)
        found = measuring.measure(measuring.Step(name, step))
        assert list(found["phases"]) == ["start", "load", "models"]
        with duckdb.connect(str(database), read_only=True) as con:
            counts.append(
                con.execute(
                    "select (select count(*) from marts.fct_orders), "
                    "count(distinct order_key) from intermediate.int_touched_orders"
                ).fetchone()
            )
    (before, all_read), (after, touched) = counts
    assert before <= all_read and 0 < after - before <= touched < all_read / 50


@pytest.mark.slow
def test_a_profile_adds_up(folder):
    """Models, by folder too, and what lies between them are the whole process."""
    found = parts.sizes(folder, ORDERS, 1)
    (turn,) = found["runs"][parts.OURS]
    folders = found["folders"]
    assert {"intermediate/orders", "marts/core", "marts/cohorts"} < set(folders)
    whole = sum(folders.values()) + found["between_models_cpu_s"]
    assert whole == pytest.approx(turn["cpu_s"], abs=0.01)
    assert len(found["dearest"]) == parts.DEAREST < found["models"]
    assert sum(model["cpu_s"] for model in found["dearest"]) < sum(folders.values())


def test_a_wrong_part_is_named(capsys):
    with pytest.raises(SystemExit):
        benchmark.main(["rivalry"])
    assert "there is no part 'rivalry'; there are rivals," in capsys.readouterr().err


# -- the page --


def figures(**runs) -> dict:
    """What is noted of a part, of steps with the CPU seconds of each round."""
    turns = {
        name.replace("_", " "): [
            {"cpu_s": cpu, "wall_s": cpu / 2, "peak_mb": 100 * cpu, "disk_mb": 5.0}
            for cpu in cpus
        ]
        for name, cpus in runs.items()
    }
    return measuring.circumstances(len(turns)) | {"orders": 1_000_000, "runs": turns}


def test_the_page_shows_medians_and_spread():
    known = {
        "rivals": {"1000000": figures(this_project=[2.0, 3.0, 8.0], polars=[1, 1, 2])}
    }
    shown = page.tables(known)["rivals"]
    assert "| this project | 3 | 1.5 | 300 | 5 |" in shown
    assert "| polars | 1 | 0.5 | 100 | 5 | 3 (2 to 4) | 3 (2 to 4) |" in shown


def test_targets_are_of_the_largest_size():
    known = {"release": {}}
    for power, publish in [(5, 3.0), (6, 0.5)]:
        one = figures(models=[10.0, 12.0, 9.0], tests=[20.0] * 3, publish=[publish] * 3)
        known["release"][str(10**power)] = one | {"orders": 10**power}
    assert page.targets(known).splitlines()[2:] == [
        "| CPU s: tests / models | 1 | 2 (1.67 to 2.22) | no | 1,000,000 |",
        "| CPU s: publish / models | 0.1 | 0.05 (0.0417 to 0.0556) | yes | 1,000,000 |",
    ]


def test_growth_is_per_decade():
    """A hundred times the orders for 121 times the CPU is 1.1 times linear a decade."""
    small, large = figures(this_project=[2.0]), figures(this_project=[242.0])
    large["orders"] = 100_000_000
    rows = page.growth({"rivals": {"1": small}, "sizes": {"2": large}}).splitlines()
    assert rows[2:] == [
        "| 1,000,000 | 2 | 2 |  |",
        "| 100,000,000 | 242 | 2.42 | 1.1 |",
    ]


def test_the_picture_has_log_axes():
    """Ten times the orders are as far apart anywhere, and so are ten times the CPU."""
    known = {"rivals": {}}
    for power in (5, 6, 7):
        one = figures(this_project=[10.0 ** (power - 5)], floor=[0.1])
        known["rivals"][str(10**power)] = one | {"orders": 10**power}
    svg = page.picture(known)
    points = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)".*?<title>(.*?),', svg)
    ours = [(float(x), float(y)) for x, y, name in points if name == "this project"]
    across = [b[0] - a[0] for a, b in zip(ours, ours[1:], strict=False)]
    up = [a[1] - b[1] for a, b in zip(ours, ours[1:], strict=False)]
    assert across[0] == pytest.approx(across[1], abs=0.2) and across[0] > 50
    assert up[0] == pytest.approx(up[1], abs=0.2) and up[0] > 50
    flat = {y for _, y, name in points if name == "floor"}
    assert len(points) == 6 and len(flat) == 1


def test_every_part_has_a_place_on_the_page():
    shown = set(page.tables({}))
    assert shown == {"targets", "growth", *parts.PARTS}
    text = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    assert set(re.findall(r"made by scripts/docs.py: (\w+) -->", text)) == shown


def test_the_page_and_the_picture_are_of_the_figures():
    for name, made in docs.benchmarks().items():
        assert (ROOT / name).read_text("utf-8") == made, "run `make readme`"


def test_new_figures_take_the_place_of_old_ones(tmp_path):
    file = tmp_path / "figures.json"
    for found in ({"orders": 1}, {"orders": 2}):
        benchmark.note(file, "rivals", 100, found)
    benchmark.note(file, "demo", None, {"rounds": 5})
    assert json.loads(file.read_text()) == {
        "rivals": {"100": {"orders": 2}},
        "demo": {"0": {"rounds": 5}},
    }
