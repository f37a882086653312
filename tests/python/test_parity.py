"""Equal marts are green on every engine, and a cent on one of them is red."""

import subprocess
from decimal import Decimal
from pathlib import Path

import duckdb
import parity
import polars as pl
import pytest
from conftest import MARTS, ROOT

ROWS = {
    "key": [1, 2, None],
    "name": ["é", "E", None],
    "net_amount": [Decimal("1.00"), Decimal("-2.50"), None],
    "rate": [0.5, 1 / 3, None],
}


@pytest.fixture
def frame() -> pl.DataFrame:
    return pl.DataFrame(ROWS, schema_overrides={"net_amount": pl.Decimal(18, 2)})


def compared(expected, found, grain=("key",)) -> tuple[int, list[str]]:
    (finding,) = parity.compare_mart(
        "fct_orders", {"duckdb": expected, "postgres": found}, list(grain)
    )
    assert (finding.mart, finding.engine) == ("fct_orders", "postgres")
    return finding.differences, finding.lines


def test_equal_marts_in_any_row_order(frame):
    assert compared(frame, frame.reverse()) == (0, [])


def test_one_line_per_engine_after_the_first(frame):
    frames = {"duckdb": frame, "postgres": frame, "spark": frame.head(2)}
    same, shorter = parity.compare_mart("fct_orders", frames, ["key"])
    assert str(same).split() == ["ok", "fct_orders", "postgres", "3", "rows"]
    first, row = str(shorter).splitlines()
    assert first.split() == ["DIFF", "fct_orders", "spark", "1", "differences"]
    assert row.strip() == "key=None: missing row"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            pl.col("net_amount") + pl.lit(Decimal("0.01")),
            "key=1, net_amount: expected 1.00, found 1.01",
        ),
        (
            pl.col("net_amount").fill_null(0),
            "key=None, net_amount: expected None, found 0.00",
        ),
        (
            pl.col("net_amount").cast(pl.Float64),
            "column net_amount: expected decimal, found double",
        ),
        (pl.col("name").str.to_lowercase(), "key=2, name: expected E, found e"),
        (pl.col("name").fill_null(""), "key=None, name: expected None, found "),
    ],
)
def test_money_text_and_nulls_are_exact(frame, change, line):
    differences, lines = compared(frame, frame.with_columns(change))
    assert differences >= 1 and line in lines


@pytest.mark.parametrize(("factor", "count"), [(1 + 1e-10, 0), (1 + 1e-8, 2)])
def test_floats_have_a_tolerance(frame, factor, count):
    found = frame.with_columns(pl.col("rate") * factor)
    assert compared(frame, found)[0] == count


@pytest.mark.parametrize(("factor", "count"), [(1 + 1e-7, 0), (1 + 1e-5, 2)])
def test_fits_have_a_wider_one(frame, factor, count):
    found = frame.with_columns(pl.col("rate") * factor)
    frames = {"duckdb": frame, "postgres": found}
    (finding,) = parity.compare_mart("customer_predictions", frames, ["key"])
    assert finding.differences == count


def test_how_long_a_search_takes_is_its_own(frame):
    ours, theirs = (frame.with_columns(iterations=pl.lit(n)) for n in (8, 11))
    for mart, differences in [("model_parameters", 0), ("fct_orders", 3)]:
        frames = {"duckdb": ours, "postgres": theirs}
        (finding,) = parity.compare_mart(mart, frames, ["key"])
        assert finding.differences == differences


def test_columns_have_to_be_the_same(frame):
    wider = frame.with_columns(more=pl.lit(1))
    assert compared(frame, wider) == (1, ["column more: not there on duckdb"])
    assert compared(wider, frame) == (1, ["column more: not there"])


def test_a_mart_has_to_be_on_every_engine(frame):
    assert compared(frame, None) == (1, ["not there on postgres"])
    assert compared(None, frame) == (1, ["not there on duckdb"])


def test_a_mart_needs_a_grain(frame):
    assert compared(frame, frame, ()) == (
        1,
        ["no unique_grain test in the yml says its grain"],
    )


def test_every_mart_has_a_grain():
    """Found in the yml, so that a new mart is compared without further ado."""
    models = ROOT / "models" / "marts"
    assert {path.stem for path in models.rglob("*.sql")} <= parity.grains(models).keys()


# ---- the command, on files as if two engines had built them ----


@pytest.fixture
def folder(tmp_path, demo) -> Path:
    for engine in ("duckdb", "postgres"):
        with duckdb.connect(str(tmp_path / f"{engine}_build.duckdb")) as con:
            con.execute(f"attach '{demo.published}' as demo (read_only)")
            con.execute("create schema marts")
            for (mart,) in con.execute(
                "select table_name from duckdb_tables() where database_name = 'demo'"
            ).fetchall():
                con.execute(f"create table marts.{mart} as from demo.marts.{mart}")
    return tmp_path


def run(folder, *arguments) -> int:
    return parity.main(["--no-build", "--folder", str(folder), *arguments])


def change(folder, sql: str) -> None:
    with duckdb.connect(str(folder / "postgres_build.duckdb")) as con:
        con.execute(sql)


def test_the_demo_equals_itself(folder, capsys):
    assert run(folder) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["ok", mart, "postgres"] for mart in sorted(MARTS)
    ]
    assert last == f"{len(MARTS)} comparisons, 0 with differences"


def test_one_cent_on_one_engine_is_red(folder, capsys):
    change(
        folder,
        "update marts.fct_orders set net_amount = net_amount + 0.01 "
        "where order_key = (select min(order_key) from marts.fct_orders)",
    )
    assert run(folder) == 1
    lines = capsys.readouterr().out.splitlines()
    red = lines.index(next(line for line in lines if line.startswith("DIFF")))
    assert lines[red].split()[1:4] == ["fct_orders", "postgres", "1"]
    assert ", net_amount: expected " in lines[red + 1]
    assert sum(line.startswith("DIFF") for line in lines) == 1


def test_a_missing_mart_is_red(folder, capsys):
    change(folder, "drop table marts.dim_dates")
    assert run(folder) == 1
    assert "not there on postgres" in capsys.readouterr().out


def test_a_new_mart_joins_by_itself(folder, capsys):
    change(folder, "create table marts.brand_new as select 1 as id")
    assert run(folder) == 1
    assert "DIFF  brand_new" in capsys.readouterr().out


def test_what_can_not_be_compared(tmp_path, folder, capsys):
    assert run(tmp_path / "empty") == 2
    assert capsys.readouterr().err.startswith("parity: ")
    for engines in ("duckdb", "duckdb,oracle", "duckdb,duckdb"):
        with pytest.raises(SystemExit):
            run(folder, "--engines", engines)
        assert "is not two or more of" in capsys.readouterr().err


def test_a_build_that_fails_stops_it(tmp_path, capfd, monkeypatch):
    """build.py has said why; nothing is compared."""
    arguments = []

    def fails(command, **_):
        arguments.extend(command)
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr(parity.subprocess, "run", fails)
    given = ["--connector", "cdnow", "--data", "sample.txt"]
    assert parity.main(["--folder", str(tmp_path), *given]) == 2
    assert capfd.readouterr().err == "parity: duckdb did not build\n"
    assert arguments[-4:] == given and arguments[2:4] == ["--target", "duckdb"]
