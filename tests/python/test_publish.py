"""What readers get: audited tables in one file that is whole at every moment."""

import functools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import build as build_script
import duckdb
import publish
import pytest
import verify
from conftest import DEMO, MARTS, Build, run_build

SCALARS = {"BIGINT", "BOOLEAN", "DATE", "DOUBLE", "TIMESTAMP", "VARCHAR"}


@pytest.fixture
def copied(demo, tmp_path) -> Build:
    """The demo's marts as published and as built, copied, for a test to spoil."""
    for path in (demo.published, demo.database):
        shutil.copy(demo.published, tmp_path / path.name)
    return Build(
        0, "", "", tmp_path / demo.published.name, tmp_path / demo.database.name
    )


# -- the file --


def test_all_marts_and_nothing_else(demo):
    """The published file holds the marts and no staging, rule or raw table."""
    tables = demo.rows(
        "select schema_name, table_name from duckdb_tables() order by all"
    )
    assert tables == [("marts", mart) for mart in sorted(MARTS)]
    assert demo.rows("select * from duckdb_views() where not internal") == []


def test_older_readers_can_open_it(demo):
    """The storage version is v1.4.0: DuckDB 1.4 and newer read it."""
    assert demo.row(
        "select tags['storage_version'] from duckdb_databases() where not internal"
    ) == ("v1.4.0+",)


def test_only_scalar_types(demo):
    """No list, struct, huge integer or zoned time that a BI driver cannot read."""
    types = demo.rows(
        "select distinct data_type from duckdb_columns() where not internal"
    )
    found = {name for (name,) in types if not name.startswith("DECIMAL(18,")}
    assert found <= SCALARS


def test_money_is_decimal_and_rates_are_doubles(demo):
    """Amounts, shares and keys have the types that sums and joins need."""
    types = {
        (mart, column): data_type
        for mart, column, data_type in demo.rows(
            "select table_name, column_name, data_type from duckdb_columns() "
            "where not internal"
        )
    }
    for (mart, column), data_type in types.items():
        if re.search("_amount(_by_|$)|monetary|average_order_value", column):
            assert data_type == "DECIMAL(18,2)", (mart, column)
        if column.endswith(("_rate", "_share", "ci_low", "ci_high")):
            assert data_type == "DOUBLE", (mart, column)
        if column.endswith(("_key", "_customers", "_number")):
            is_text = (mart, column) == ("rejected_rows", "row_key")
            assert data_type == ("VARCHAR" if is_text else "BIGINT"), (mart, column)
        if column.endswith(("_date", "_month", "_start")) and not any(
            word in column for word in ("_to_", "_amount", "customers_at")
        ):
            assert data_type == "DATE", (mart, column)


def test_everything_is_described(demo):
    """Every mart and every column carries its description."""
    assert (
        demo.rows(
            "select table_name, column_name from duckdb_columns() "
            "where not internal and coalesce(comment, '') = ''"
        )
        == []
    )
    comments = dict(demo.rows("select table_name, comment from duckdb_tables()"))
    assert all("One row per" in comments[mart] for mart in MARTS)


def test_published_equals_built(demo):
    """Publishing copies every row of every mart."""
    with duckdb.connect(str(demo.database)) as con:
        for mart in MARTS:
            built = con.execute(f"select * from marts.{mart} order by all nulls first")
            assert built.fetchall() == demo.mart(mart), mart


# -- the moment of publishing --


class Crash(Exception):
    pass


def test_a_failed_copy_leaves_the_published_file(copied, monkeypatch):
    """A crash in the middle of copying leaves what readers see, and no litter."""
    before = copied.published.read_bytes()
    copy_mart = publish.copy_mart

    def crash_at_customers(con, mart, comment):
        if mart == "fct_customers":
            raise Crash
        return copy_mart(con, mart, comment)

    monkeypatch.setattr(publish, "copy_mart", crash_at_customers)
    with pytest.raises(Crash):
        publish.publish(copied.database, copied.published)
    assert copied.published.read_bytes() == before
    assert sorted(p.name for p in copied.published.parent.iterdir()) == [
        "build.duckdb",
        "repurchase.duckdb",
    ]


def test_what_a_killed_run_left_is_cleaned_up(copied):
    """An unfinished file of an earlier run is no hindrance and does not stay."""
    folder = copied.published.parent
    (folder / ".repurchase.duckdb.unfinished").write_bytes(b"half a file")
    (folder / ".repurchase.duckdb.unfinished.wal").write_bytes(b"half a log")
    rows = publish.publish(copied.database, copied.published)
    assert [mart for mart, _ in rows] == sorted(MARTS)
    assert [p.name for p in folder.iterdir() if "unfinished" in p.name] == []
    assert copied.row("select count(*) from fct_customers") == (2000,)


def test_a_reader_keeps_its_file(copied):
    """Who has the old file open goes on reading it; who opens anew has the new one."""
    reader = (
        "import duckdb, sys\n"
        "con = duckdb.connect(sys.argv[1], read_only=True)\n"
        "count = 'select count(*), sum(net_amount) from marts.fct_orders'\n"
        "print(con.execute(count).fetchall(), flush=True)\n"
        "sys.stdin.readline()\n"
        "print(con.execute(count).fetchall(), flush=True)\n"
    )
    command = [sys.executable, "-c", reader, copied.published]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        before = process.stdout.readline()
        with duckdb.connect(str(copied.database)) as con:
            con.execute("delete from marts.fct_orders where order_number > 1")
        publish.publish(copied.database, copied.published)
        after, _ = process.communicate("go on\n", timeout=30)
    assert before == after and before.startswith("[(")
    assert copied.row("select max(order_number) from fct_orders") == (1,)


def fail(*_):
    raise build_script.BuildError("no")


@pytest.mark.parametrize("step", ["run_dbt", "run_verify"])
def test_a_failed_build_publishes_nothing(copied, monkeypatch, step):
    """Where dbt or verify fails, the published file stays as it was, byte by byte."""
    before = copied.published.read_bytes()
    monkeypatch.setattr(build_script, "run_dbt", lambda *_: None)
    monkeypatch.setattr(build_script, step, fail)
    found = run_build(copied.published.parent)
    assert (found.code, found.errors.splitlines()[-1]) == (1, "build: no")
    assert copied.published.read_bytes() == before


def test_a_build_that_differs_from_the_raw_files_is_not_published(copied, monkeypatch):
    """A build database without marts fails verify, so nothing is published."""
    before = copied.published.read_bytes()

    def build_nothing(variables, is_demo, target):
        duckdb.connect(os.environ["REPURCHASE_BUILD_DATABASE"]).close()

    monkeypatch.setattr(build_script, "run_dbt", build_nothing)
    found = run_build(copied.published.parent)
    assert found.code == 1
    assert found.output.count("not in the database") == len(MARTS)
    assert found.errors.splitlines()[-1] == (
        "build: the marts differ from the raw files; nothing was published"
    )
    assert copied.published.read_bytes() == before


# -- verify would have seen it --


@pytest.fixture(scope="module")
def read_once():
    """The demo is read and recomputed once; every comparison is done anew."""
    with pytest.MonkeyPatch.context() as patch:
        known = {}
        for name in ("read_inputs", "recompute"):
            function = getattr(verify, name)

            def remembered(*arguments, name=name, function=function):
                if name not in known:
                    known[name] = function(*arguments)
                return known[name]

            patch.setattr(verify, name, functools.wraps(function)(remembered))
        yield


def differing(database: Path, capsys) -> list[str]:
    """Names of the marts that verify reports; its exit code has to agree."""
    capsys.readouterr()
    arguments = ["--database", database, "--connector", "standard", "--data", DEMO]
    code = verify.main([*map(str, arguments)])
    lines = capsys.readouterr().out.splitlines()
    found = [line.split()[1] for line in lines if line.startswith("DIFF")]
    assert code == bool(found)
    assert len([line for line in lines if line.startswith("ok")]) == (
        len(MARTS) - len(found)
    )
    return found


ONE_ROW = "rowid = (select min(rowid) from marts.{mart} where {where})"
CHANGES = [
    # mart, the change of a cell, which row has it
    ("fct_orders", "net_amount = net_amount + 0.01", "is_repeat_order"),
    ("fct_orders", "order_number = order_number + 1", "is_repeat_order"),
    ("fct_orders", "customer_key = null", "is_first_order"),
    ("fct_order_items", "discount_amount = discount_amount - 0.01", "line_number = 2"),
    ("fct_refunds", "booked_date = booked_date + 1", "refund_of = 'purchase'"),
    ("fct_customers", "refund_amount = refund_amount + 0.01", "true"),
    ("fct_customers", "second_purchase_date = null", "purchase_count > 1"),
    ("fct_customers", "is_left_censored = not is_left_censored", "true"),
    ("dim_products", "category = upper(category)", "category is not null"),
    ("dim_dates", "holiday_name = null", "holiday_name is not null"),
    ("rfm_scores", "r_score = 6 - r_score", "r_score = 1"),
    ("rfm_segments", "revenue_share = revenue_share + 1e-9", "true"),
    ("rfm_thresholds", "upper_bound = upper_bound + 0.01", "score = 3"),
    ("cohort_retention", "retention_rate = 1 - retention_rate", "retention_rate < .4"),
    ("cohort_retention", "retention_rate = 0", "retention_rate is null"),
    ("cohort_retention", "is_mature = true", "not is_mature"),
    ("cohort_retention", "cumulative_ltv = cumulative_ltv + 0.01", "is_mature"),
    ("cohort_retention_averages", "cohorts = cohorts + 1", "true"),
    ("repurchase_rates", "ci_high = ci_high + 1e-10", "ci_high is not null"),
    ("repurchase_rates", "eligible_customers = customers", "not is_mature"),
    ("repurchase_rates_by_period", "repeat_orders = repeat_orders - 1", "orders > 9"),
    (
        "cohort_retention_by_first_attribute",
        "retention_difference = 0",
        "retention_difference > 0",
    ),
    ("purchase_gaps", "km_p50 = km_p50 + 1", "purchase_number is null"),
    ("repurchase_curves", "ci_low = ci_low + 1e-8", "ci_low between .2 and .8"),
    ("order_sequence", "median_gap_days = median_gap_days + 1", "purchase_number = 2"),
    ("purchase_cycles", "cycle_days = cycle_days + 0.001", "gaps > 1"),
    ("growth_accounting", "churned = 0", "churned is null"),
    ("growth_accounting", "retained = retained + 1", "true"),
    ("customer_lifecycle", "lifecycle_state = 'lost'", "lifecycle_state = 'lapsed'"),
    ("lifecycle_transitions", "customers = customers + 1", "from_state <> to_state"),
    ("lifecycle_limits", "suggested_days = 1", "suggested_days is null"),
    ("reactivations", "purchases_after = purchases_after + 1", "true"),
    ("churn_rates", "false_alarm_rate = 0", "not is_mature"),
    ("churn_drivers", "odds_ratio = 1 / odds_ratio", "odds_ratio > 1.1"),
    ("rfm_history", "base_f_score = base_f_score + 1", "base_f_score < 5"),
    ("rfm_threshold_history", "upper_bound = upper_bound + 0.01", "score = 3"),
    ("rfm_migrations", "net_amount = net_amount + 0.01", "from_segment = 'none'"),
    ("calendar_revenue", "guest_orders = guest_orders + 1", "true"),
    ("revenue_layer_cake", "net_amount = net_amount + 0.01", "true"),
    ("revenue_concentration", "gini = gini + 1e-8", "decile = 1"),
    ("seasonality", "cycles_used = cycles_used + 1", "cycles_used > 0"),
    ("purchase_times", "orders = orders + 1", "orders > 0"),
    ("product_performance", "units = units + 1", "units > 0"),
    ("product_affinity", "lift = lift * 1.000001", "true"),
    ("next_products", "transitions = transitions + 1", "true"),
    ("channel_performance", "new_customers = new_customers - 1", "true"),
    ("customer_profiles", "risk = 'low'", "risk = 'high'"),
    ("rejected_rows", "reason_code = 'unknown_status'", "reason_code <> 'x'"),
    ("source_reconciliation", "rejected_amount = rejected_amount + 0.01", "true"),
]


def test_verify_passes_what_was_built(read_once, demo, capsys):
    """The demo as published differs from its raw files in nothing."""
    assert differing(demo.published, capsys) == []


@pytest.mark.parametrize(("mart", "change", "where"), CHANGES)
def test_verify_sees_a_changed_cell(read_once, copied, capsys, mart, change, where):
    """One cell changed, by a cent or a flag, is seen and the mart is named."""
    with duckdb.connect(str(copied.published)) as con:
        row = ONE_ROW.format(mart=mart, where=where)
        (changed,) = con.execute(
            f"update marts.{mart} set {change} where {row}"
        ).fetchone()
        assert changed == 1
    assert differing(copied.published, capsys) == [mart]


def test_verify_sees_a_dropped_row_in_each_mart(read_once, copied, capsys):
    """One row less in every mart: every mart is named."""
    with duckdb.connect(str(copied.published)) as con:
        for mart in MARTS:
            row = ONE_ROW.format(mart=mart, where="true")
            con.execute(f"delete from marts.{mart} where {row}")
    assert differing(copied.published, capsys) == MARTS


def test_verify_sees_a_row_twice(read_once, copied, capsys):
    """A join that fans out is seen in every mart."""
    with duckdb.connect(str(copied.published)) as con:
        for mart in MARTS:
            con.execute(f"insert into marts.{mart} from marts.{mart} limit 1")
    assert differing(copied.published, capsys) == MARTS


def test_verify_sees_a_missing_mart_and_column(read_once, copied, capsys):
    """A mart that is not there and a column that is not there are differences."""
    with duckdb.connect(str(copied.published)) as con:
        con.execute("drop table marts.rfm_segments")
        con.execute("alter table marts.repurchase_rates drop column ci_low")
    assert differing(copied.published, capsys) == ["rfm_segments", "repurchase_rates"]
