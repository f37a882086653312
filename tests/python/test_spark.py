"""What is odd about Spark: plans, overflow, workers, long chains.

With SPARK_MASTER=local-cluster[2,1,1024] two worker processes do the work.
"""

import random

import history
import pytest
from conftest import ROOT
from dbt.cli.main import dbtRunner
from test_scale_out import OVER_ALL_ROWS

pytestmark = pytest.mark.engines
# What may stand on one side of a join without a key: it has few rows on any shop.
SMALL = {
    "int_as_of_date",
    "int_observation",
    "int_prediction_origins",
    "int_rfm_bounds",
    "lifecycle_limits",
    "holidays",
}
# Models that cross two sides which only grow with the days: docs/scale-out.md.
CROSSED = {"revenue_layer_cake", "lifecycle_transitions", "int_rfm_score_runs"}


def dbt(*arguments):
    folders = ["--project-dir", str(ROOT), "--profiles-dir", str(ROOT)]
    return dbtRunner().invoke([*arguments, "--quiet", "--target", "spark", *folders])


def test_the_workers_do_the_work(spark_demo, spark_session):
    """With a local-cluster, two processes beside the driver's are there."""
    if not spark_session.sparkContext.master.startswith("local-cluster"):
        pytest.skip("SPARK_MASTER is no local-cluster")
    assert spark_session.sparkContext._jsc.sc().getExecutorMemoryStatus().size() == 3


# -- plans --


@pytest.fixture(scope="module")
def plans(spark_demo, spark_session):
    """The physical plan of each table, with no side small enough to be sent around."""
    compiled = dbt("compile", "--no-inject-ephemeral-ctes", "--select", "path:models")
    assert compiled.success, compiled.exception
    was = {
        name: spark_session.conf.get(name)
        for name in (
            "spark.sql.adaptive.enabled",
            "spark.sql.autoBroadcastJoinThreshold",
        )
    }
    spark_session.conf.set("spark.sql.adaptive.enabled", "false")
    spark_session.conf.set("spark.sql.autoBroadcastJoinThreshold", "-1")
    found = {}
    for result in compiled.result:
        if result.node.config.materialized == "table":
            frame = spark_session.sql(result.node.compiled_code)
            found[result.node.name] = frame._jdf.queryExecution().executedPlan()
    for name, value in was.items():
        spark_session.conf.set(name, value)
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
    assert len(plans) > 100
    found = {
        model
        for model, plan in plans.items()
        for node in nodes(plan)
        if node.nodeName() in ("CartesianProduct", "BroadcastNestedLoopJoin")
        and not any(map(is_small, children(node)))
    }
    assert found == CROSSED


def test_no_window_gathers_all_rows(plans):
    """Every window has a partition, or few rows as docs/scale-out.md says."""
    found = {
        model
        for model, plan in plans.items()
        for node in nodes(plan)
        if node.nodeName() == "Window" and node.partitionSpec().isEmpty()
    }
    assert found == OVER_ALL_ROWS


# -- what is odd about Spark --


def test_an_overflow_stops_the_build(spark_session):
    """It would be NULL in the mode that dbt-spark sets."""
    shown = dbt("show", "--inline", "select cast(1e17 as decimal(18,2)) as amount")
    assert not shown.success
    reason = shown.exception or shown.result.results[0].message
    assert "NUMERIC_VALUE_OUT_OF_RANGE" in str(reason)


def test_long_chains_of_identifiers(spark_demo, spark_session):
    """A chain of 3,000 identifiers is one person, and a crowd of pairs what it is."""
    keys = list(range(1, 3001))
    random.Random(1).shuffle(keys)
    links = [(a, b, None) for a, b in zip(keys[::2], keys[1::2], strict=True)]
    links += [(None, b, c) for b, c in zip(keys[1:-1:2], keys[2::2], strict=True)]
    links += [(k, k + 1, k + 2) for k in range(10_000, 20_000, 3)]
    links += [(30_000, None, None), (None, None, None)]
    names = "customer_id_key bigint, email_key bigint, phone_key bigint"
    table = "intermediate.int_identity_links"
    frame = spark_session.createDataFrame(links, names)
    frame.write.mode("overwrite").saveAsTable(table)
    assert dbt("run", "--select", "int_identities").success
    found = spark_session.table("intermediate.int_identities").collect()
    expected = {key: 1 for key in keys} | {30_000: 30_000}
    expected |= {k + i: k for k in range(10_000, 20_000, 3) for i in range(3)}
    assert len(found) == len(expected)
    assert dict(map(tuple, found)) == expected


# -- publishing, of one small mart --


@pytest.fixture
def publish(spark_session, monkeypatch):
    """Publish an amount in schemas of their own, as the next run or as an earlier."""
    import spark

    monkeypatch.setattr(spark, "MARTS", "little")
    monkeypatch.setattr(spark, "BUILD_MARTS", "build_little")
    text = "It's \\ odd"
    described = {"totals": (f"One row per shop. {text}", {"total": text})}
    monkeypatch.setattr(spark, "descriptions", lambda: described)
    for schema in ("little", "build_little"):
        spark_session.sql(f"create schema {schema}")
    runs = []

    def run(amount=None, version=None, keep=1, marts=("totals",)):
        this = history.Run(len(runs) + 1, "spark")
        this.started_at = "2024-05-01 00:00:00.000"
        if version:
            runs.append(this.ended("rolled back", version))
            return spark.rollback(marts, runs)
        spark_session.sql("drop table if exists build_little.totals")
        rows = f"select {amount} as total"
        spark_session.sql(f"create table build_little.totals as {rows}")
        runs.append(this.ended("published", this.run_id))
        return spark.publish(marts, runs, keep)

    yield run
    for row in spark_session.sql("show schemas").collect():
        if "little" in row[0]:
            spark_session.sql(f"drop schema {row[0]} cascade")


def test_views_are_switched_and_go_back(publish, spark_session):
    """Readers have the last version, a rollback gives the one before."""
    import spark

    def total():
        return spark_session.table("little.totals").collect()[0][0]

    spark_session.sql("create table little.totals as select 0 as total")
    for amount in (10, 20, 30, 40):
        publish(amount, keep=2)
        assert total() == amount
    assert spark.versions() == [2, 3]
    publish(version=3)
    assert (total(), spark.versions()) == (30, [2])
    assert [run.outcome for run in spark.known_runs()] == [
        *["published"] * 4,
        "rolled back",
    ]
    publish(60, keep=1)
    assert (total(), spark.versions()) == (60, [3])
    publish(70, keep=0, marts=())
    found = spark_session.sql("show tables in little").collect()
    assert {row.tableName for row in found} == set(history.TABLES)
    assert spark.versions() == []


def test_views_are_described(publish, spark_session):
    """Readers see the descriptions of mart and columns."""
    publish(10)
    described = spark_session.sql("describe extended little.totals").collect()
    assert described[0][2] == "It's \\ odd"
    comments = {row[0]: row[1] for row in described}
    assert comments["Comment"] == "One row per shop. It's \\ odd"


def test_a_failed_copy_changes_nothing_for_readers(publish, spark_session, monkeypatch):
    """The views read what they read, and the next run needs no cleaning."""
    import spark

    publish(10)
    with monkeypatch.context() as patch:
        patch.setattr(spark, "_switch", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            publish(20)
    assert spark_session.table("little.totals").collect()[0][0] == 10
    publish(30)
    assert spark_session.table("little.totals").collect()[0][0] == 30
    assert spark.versions() == [1]


# -- the command --


def test_no_java_is_one_line(attempt, monkeypatch):
    """Without Java the build stops at once and says so."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    found = attempt("--target", "spark")
    assert found.code == 1
    assert found.errors.startswith("build: target spark needs Java 17")
    assert len(found.errors.splitlines()) == 1
