"""Spark: the hand-worked cases, loading, plans, and whole builds, verified.

All of it runs in one session of this process, by default with two threads. With
SPARK_MASTER=local-cluster[2,1,1024] two worker processes do the work.
"""

import os
import random
import shutil

import duckdb
import engine_cases
import load
import parity
import pytest
import raw_files
from conftest import FIXTURES, MARTS, ROOT, write_shop
from dbt.cli.main import dbtRunner

pytest.importorskip("pyspark", reason="requirements-spark.txt is not installed")
if not shutil.which("java") and not os.environ.get("JAVA_HOME"):
    pytest.skip("there is no Java, which Spark needs", allow_module_level=True)

import spark  # noqa: E402

JAVA = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC"
# What may stand on one side of a join without a key: it has few rows on any shop.
SMALL = {"int_as_of_date", "int_observation", "int_rfm_bounds", "holidays"}


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """The one session, its tables in a temporary folder; cheap to start and to plan."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPURCHASE_SPARK_FOLDER", str(tmp_path_factory.mktemp("spark")))
        patch.setenv("SPARK_CATALOG", "in-memory")
        patch.setenv("SPARK_CONF_DIR", str(FIXTURES / "spark"))
        patch.setenv("JDK_JAVA_OPTIONS", JAVA)
        made = spark.session()
        yield made
        made.stop()


@pytest.fixture(scope="module")
def spark_demo(session, build):
    """The demo built on Spark."""
    return build("--target", "spark")


def verified(output: str) -> list[str]:
    """The marts that verify compared and found equal."""
    return [line.split()[1] for line in output.splitlines() if line[:4] == "ok  "]


def dbt(*arguments):
    folders = ["--project-dir", str(ROOT), "--profiles-dir", str(ROOT)]
    return dbtRunner().invoke([*arguments, "--quiet", "--target", "spark", *folders])


def test_every_case(session):
    """Spark answers every hand-worked case as DuckDB does."""
    assert engine_cases.differences("spark") == []


def test_the_demo_is_verified(spark_demo):
    """Every mart of Spark equals what is recomputed from the raw files."""
    assert sorted(verified(spark_demo.output)) == sorted(MARTS)


def test_the_workers_do_the_work(spark_demo, session):
    """With a local-cluster, two processes beside the driver's are there."""
    if not session.sparkContext.master.startswith("local-cluster"):
        pytest.skip("SPARK_MASTER is no local-cluster")
    assert session.sparkContext._jsc.sc().getExecutorMemoryStatus().size() == 3


def test_the_marts_are_those_of_duckdb(spark_demo, demo):
    """Both engines' marts are equal row by row, with types and comments."""
    files = {"duckdb": demo.published, "spark": spark_demo.published}
    findings = parity.compare_files(files, parity.grains(ROOT / "models" / "marts"))
    assert len(findings) == len(MARTS)
    assert [str(f) for f in findings if f.differences] == []
    described = "select table_name, column_name, data_type, comment from {}_columns()"
    described = described.format("duckdb") + " where schema_name = 'marts' order by all"
    assert spark_demo.rows(described) == demo.rows(described)


# -- plans --


@pytest.fixture(scope="module")
def plans(spark_demo, session):
    """The physical plan of each table, with no side small enough to be sent around."""
    compiled = dbt("compile", "--no-inject-ephemeral-ctes", "--select", "path:models")
    assert compiled.success, compiled.exception
    was = {
        name: session.conf.get(name)
        for name in (
            "spark.sql.adaptive.enabled",
            "spark.sql.autoBroadcastJoinThreshold",
        )
    }
    session.conf.set("spark.sql.adaptive.enabled", "false")
    session.conf.set("spark.sql.autoBroadcastJoinThreshold", "-1")
    found = {}
    for result in compiled.result:
        if result.node.config.materialized == "table":
            frame = session.sql(result.node.compiled_code)
            found[result.node.name] = frame._jdf.queryExecution().executedPlan()
    for name, value in was.items():
        session.conf.set(name, value)
    return found


def children(node) -> list:
    below = node.children()
    return [below.apply(place) for place in range(below.size())]


def nodes(plan):
    yield plan
    for child in children(plan):
        yield from nodes(child)


def is_small(side) -> bool:
    """Whether a side of a join has few rows: one aggregate, literals, or SMALL."""
    name = side.nodeName()
    if name.endswith("Aggregate") and side.groupingExpressions().isEmpty():
        return True
    if name.startswith("Scan parquet"):
        return name.split(".")[-1] in SMALL
    below = children(side)
    return all(map(is_small, below)) if below else "Scan" in name


def test_joins_without_a_key_have_a_small_side(plans):
    """No cartesian product and no nested loop over two inputs that grow."""
    assert len(plans) > 40
    wrong = {
        model
        for model, plan in plans.items()
        for node in nodes(plan)
        if node.nodeName() in ("CartesianProduct", "BroadcastNestedLoopJoin")
        and not any(map(is_small, children(node)))
    }
    assert wrong == set()


def test_no_window_gathers_all_rows(plans):
    """Every window has a partition."""
    wrong = {
        model
        for model, plan in plans.items()
        for node in nodes(plan)
        if node.nodeName() == "Window" and node.partitionSpec().isEmpty()
    }
    assert wrong == set()


# -- what is odd about Spark --


def test_an_overflow_stops_the_build(session):
    """It would be NULL in the mode that dbt-spark sets."""
    shown = dbt("show", "--inline", "select cast(1e17 as decimal(18,2)) as amount")
    assert not shown.success
    reason = shown.exception or shown.result.results[0].message
    assert "NUMERIC_VALUE_OUT_OF_RANGE" in str(reason)


def test_seeds_keep_null_and_quotes(spark_demo, session):
    """dbt-spark's own seeds would write None and stop at an apostrophe."""
    (row,) = session.sql(
        "select count(*), count(email) from demo.demo_customers"
    ).collect()
    with duckdb.connect() as con:
        expected = con.execute(
            "select count(*), count(email) from read_csv(?, all_varchar = true)",
            [str(ROOT / "seeds/demo/demo_customers.csv")],
        ).fetchall()
    assert [tuple(row)] == expected and row[0] > row[1]


def test_long_chains_of_identifiers(spark_demo, session):
    """A chain of 3,000 identifiers is one person, and a crowd of pairs what it is."""
    keys = list(range(1, 3001))
    random.Random(1).shuffle(keys)
    links = [(a, b, None) for a, b in zip(keys[::2], keys[1::2], strict=True)]
    links += [(None, b, c) for b, c in zip(keys[1:-1:2], keys[2::2], strict=True)]
    links += [(k, k + 1, k + 2) for k in range(10_000, 20_000, 3)]
    links += [(30_000, None, None), (None, None, None)]
    names = "customer_id_key bigint, email_key bigint, phone_key bigint"
    table = "intermediate.int_identity_links"
    session.createDataFrame(links, names).write.mode("overwrite").saveAsTable(table)
    assert dbt("run", "--select", "int_identities").success
    found = session.table("intermediate.int_identities").collect()
    expected = {key: 1 for key in keys} | {30_000: 30_000}
    expected |= {k + i: k for k in range(10_000, 20_000, 3) for i in range(3)}
    assert len(found) == len(expected)
    assert dict(map(tuple, found)) == expected


# -- raw files --


def test_a_flat_export_is_verified(spark_demo, build):
    """One row per line, after another shop in the same session."""
    data = ["--connector", "shopify", "--data", FIXTURES / "shopify"]
    found = build("--target", "spark", *data, "--currency", "CLP")
    assert sorted(verified(found.output)) == sorted(MARTS)


ODD = ['a "quoted", text', "two\nlines", "back\\slash", " blanks ", "复购 é", "'", ""]


def test_files_load_as_on_duckdb(session, tmp_path, monkeypatch):
    """The raw tables hold the same columns and texts, NULL where DuckDB has NULL."""
    monkeypatch.setenv("REPURCHASE_BUILD_DATABASE", str(tmp_path / "raw.duckdb"))
    orders = [
        {
            "order_id": str(number),
            "customer_id": text,
            "ordered_at": "2024-05-01",
            "status": "paid",
            "currency": "CNY",
            "gross_amount": "1.00",
            "x_note": text,
        }
        for number, text in enumerate(ODD)
    ]
    files = raw_files.discover("standard", write_shop(tmp_path / "shop", orders=orders))
    rows = {name: load.load(name, "standard", files) for name in ("duckdb", "spark")}
    assert rows["duckdb"] == rows["spark"] == {"orders": len(ODD)}
    with duckdb.connect(str(tmp_path / "raw.duckdb")) as con:
        expected = con.execute("from raw_standard.orders order by order_id")
        names = [column[0] for column in expected.description]
        expected = expected.fetchall()
    found = session.table("raw_standard.orders").orderBy("order_id")
    assert found.columns == names
    assert [tuple(row) for row in found.collect()] == expected
    assert {kind for _, kind in found.dtypes} == {"string"}
    assert load.values("spark", "standard", "orders", "currency") == ["CNY"]


def test_no_java_is_one_line(attempt, monkeypatch):
    """Without Java the build stops at once and says so."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    found = attempt("--target", "spark")
    assert found.code == 1
    assert found.errors.startswith("build: target spark needs Java 17")
    assert len(found.errors.splitlines()) == 1
