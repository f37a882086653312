"""The command itself: what it prints, where, and when it refuses."""

import fcntl
import subprocess
import sys

import duckdb
import load
from conftest import MARTS, ROOT, run_build


def test_the_summary_says_what_matters(demo):
    """Customers, orders, revenue, the 90-day rate with its counts, segments, path."""
    customers, orders, revenue = demo.row(
        "select (select count(*) from fct_customers), count(*), sum(net_amount) - "
        "(select sum(refund_amount) from fct_refunds where refund_of = 'customer') "
        "from fct_orders"
    )
    rate, repurchasers, eligible = demo.row(
        "select repurchase_rate, repurchasers, eligible_customers "
        "from repurchase_rates where cohort_start is null and window_days = 90"
    )
    (rejected,) = demo.row("select count(*) from rejected_rows")
    lines = [" ".join(line.split()) for line in demo.output.splitlines()]
    for line in [
        f"customers {customers:,}",
        f"orders {orders:,}",
        f"net revenue {revenue:,.2f} CNY",
        f"90-day repurchase {rate:.1%} "
        f"({repurchasers:,} of {eligible:,} whose 90 days are over)",
        f"rejected rows {rejected} (marts.rejected_rows says why)",
        f"published {demo.published}",
    ]:
        assert line in lines, line


def test_the_summary_names_the_largest_segments(demo):
    """The five largest segments, largest first, with customers and revenue."""
    segments = demo.rows(
        "select rfm_segment, customers, net_amount, rfm_segment_zh from rfm_segments "
        "order by customers desc, segment_rank limit 5"
    )
    lines = [" ".join(line.split()) for line in demo.output.splitlines()]
    start = lines.index("largest segments") + 1
    assert lines[start : start + 5] == [
        f"{name} {customers:,} customers {revenue:,.2f} CNY {chinese}"
        for name, customers, revenue, chinese in segments
    ]
    assert lines[start + 5].startswith("published")


def test_phases_and_progress(demo):
    """Progress goes to stderr while it works; the times stand in the summary."""
    phases = ["build and test", "verify", "publish"]
    assert [p for p in demo.errors.splitlines() if p.endswith(" ...")] == [
        f"{name} ..." for name in phases
    ]
    assert "  20 steps, last " in demo.errors
    took = demo.output.splitlines()[-1]
    assert took.startswith("took ")
    assert [part.split()[-2:][1] for part in took.split(",")] == ["s"] * 3
    assert all(name in took for name in phases)


def test_verify_says_one_line_per_mart(demo):
    """Each mart was compared with the raw files, and says with how many rows."""
    lines = [line for line in demo.output.splitlines() if line[:4] == "ok  "]
    assert len(lines) == len(MARTS)
    assert "DIFF" not in demo.output


def test_a_second_build_says_so(tmp_path):
    """While a build holds the database another one stops at once, and says why."""
    lock = tmp_path / "build.duckdb.lock"
    with open(lock, "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        found = run_build(tmp_path)
    assert found.code == 1
    assert found.errors == (
        f"build: another build is using {tmp_path / 'build.duckdb'}\n"
    )


def test_a_folder_that_cannot_be_written(tmp_path):
    """A file in the way of the build's folder is one line."""
    (tmp_path / "folder").write_text("a file")
    found = run_build(tmp_path / "folder")
    assert found.code == 1
    (line,) = found.errors.splitlines()
    assert line.startswith("build: ") and str(tmp_path / "folder") in line


def test_help_opens_with_what_it_does():
    """--help works from any folder and names every option once."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "build.py", "--help"],
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Build, test, verify and publish the marts" in done.stdout
    assert "Without --connector and --data the demo shop is built." in done.stdout


def test_what_an_earlier_build_left_goes(tmp_path, monkeypatch):
    """Raw tables of connectors and marts that this build has not; nothing else."""
    database = tmp_path / "build.duckdb"
    monkeypatch.setenv("REPURCHASE_BUILD_DATABASE", str(database))
    with duckdb.connect(str(database)) as con:
        for schema in ("raw_cdnow", "raw_standard", "raw_mine", "marts"):
            con.execute(f"create schema {schema}")
            con.execute(f"create table {schema}.orders as select 1 as id")
        con.execute("create table marts.items as select 1 as id")
        con.execute("create view main.seen as from raw_cdnow.orders")
    load.drop_others(["standard"])
    load.drop_other_marts(["items"])
    with duckdb.connect(str(database)) as con:
        tables = "select schema_name, table_name from duckdb_tables() order by all"
        assert con.execute(tables).fetchall() == [
            ("marts", "items"),
            ("raw_mine", "orders"),
            ("raw_standard", "orders"),
        ]
