"""This project as a package: a corner store's project installs it and builds."""

import datetime
import json
import os
import re
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml
from conftest import FIXTURES, ROOT

SALES = """
    (1, 'A', '2024-01-10 10:00', 'Delivered', 'EUR', 100, 10),
    (2, 'A', '2024-02-05 10:00', 'Delivered', 'USD', 50, null),
    (3, 'B', '2024-01-20 10:00', 'Delivered', 'EUR', 80, 0),
    (4, 'B', '2024-03-15 10:00', 'Sent back', 'EUR', 40, 0),
    (5, 'C', '2024-02-29 10:00', 'Delivered', 'EUR', 60, 0),
    (6, 'C', '2024-04-14 22:30', 'Delivered', 'EUR', 30, 0),
    (7, null, '2024-03-01 10:00', 'Delivered', 'EUR', 20, 0),
    (8, 'D', '2024-06-20 10:00', 'Delivered', 'EUR', 70, 0),
    (9, 'E', '2024-05-05 10:00', 'In the basket', 'EUR', 55, 0),
    (10, 'F', '2024-05-05 10:00', 'lost', 'EUR', 55, 0)
"""
ORDERS = """
    select cast(order_id as integer), customer_id, order_number, order_date, net_amount
    from dev_marts.fct_orders order by 1
"""
ORDERS_BY_HAND = [
    (1, "A", 1, datetime.date(2024, 1, 10), Decimal("90.00")),
    (2, "A", 2, datetime.date(2024, 2, 5), Decimal("45.00")),
    (3, "B", 1, datetime.date(2024, 1, 20), Decimal("80.00")),
    (5, "C", 1, datetime.date(2024, 2, 29), Decimal("60.00")),
    (6, "C", 2, datetime.date(2024, 4, 15), Decimal("30.00")),
    (7, None, None, datetime.date(2024, 3, 1), Decimal("20.00")),
    (8, "D", 1, datetime.date(2024, 6, 20), Decimal("70.00")),
]
UNWANTED = {"rfm", "profile"}  # folders that the consumer disables
OWN_METRICS = """
models:
  - name: days
    time_spine: {standard_granularity_column: day}
    columns: [{name: day, granularity: day}]
semantic_models:
  - name: orders
    model: ref('regulars')
    defaults: {agg_time_dimension: seen_on}
    entities: [{name: customer, type: primary, expr: customer_id}]
    dimensions: [{name: seen_on, type: time, type_params: {time_granularity: day}}]
    measures: [{name: revenue, agg: sum, expr: net_amount}]
metrics:
  - {name: revenue, label: Ours, type: simple, type_params: {measure: revenue}}
"""
WANTED_METRICS = """
semantic-models: {repurchase: {marts: {core: {+enabled: true}}}}
metrics: {repurchase: {marts: {core: {+enabled: true}}}}
"""
MACRO = re.compile(r"{%-? *macro (\w+)\(")
CALL = re.compile(r"(?<![\w.'])(\w+)\(")


class Consumer:
    """A copy of the consumer's project with its own database."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.database = folder / "corner_store.duckdb"
        shutil.copytree(FIXTURES / "consumer", folder, dirs_exist_ok=True)
        packages = folder / "packages.yml"
        text = packages.read_text("utf-8")
        packages.write_text(text.replace("local: ../../..", f"local: {ROOT}"))
        with duckdb.connect(str(self.database)) as con:
            con.execute("create schema my_shop")
            con.execute(
                "create table my_shop.sales (number integer, card text, "
                "sold_at timestamp, state text, currency text, "
                "total decimal(10, 2), rebate decimal(10, 2))"
            )
            con.execute(f"insert into my_shop.sales values {SALES}")

    def dbt(self, *arguments) -> subprocess.CompletedProcess:
        environment = os.environ | {
            "CORNER_STORE_DATABASE": str(self.database),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
        }
        return subprocess.run(
            [Path(sys.executable).with_name("dbt"), "--no-use-colors", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
        )

    def build(self) -> subprocess.CompletedProcess:
        return self.dbt("build", "--exclude", "resource_type:unit_test")

    def rows(self, query: str) -> list[tuple]:
        with duckdb.connect(str(self.database), read_only=True) as con:
            return con.execute(query).fetchall()

    def marts(self) -> dict[str, list[tuple]]:
        """All rows of every mart."""
        names = self.rows(
            "select table_name from duckdb_tables() where schema_name = 'dev_marts'"
        )
        return {
            name: self.rows(f"select * from dev_marts.{name} order by all")
            for (name,) in names
        }


@pytest.fixture(scope="module")
def consumer(tmp_path_factory) -> Consumer:
    """The consumer's project, built."""
    made = Consumer(tmp_path_factory.mktemp("corner_store"))
    for done in (made.dbt("deps"), made.build()):
        assert done.returncode == 0, done.stdout[-5000:]
        assert "[WARNING]" not in done.stdout, done.stdout[:5000]
    return made


def test_own_connector_rules_and_rates(consumer):
    """Ten sales by hand: the dollars at the own rate, a sale at half past midnight."""
    assert consumer.rows(ORDERS) == ORDERS_BY_HAND
    assert consumer.rows(
        "select raw_rows, accepted_rows, rejected_rows, excluded_rows, accepted_amount "
        "from dev_marts.source_reconciliation where entity = 'orders'"
    ) == [(10, 9, 1, 2, Decimal("505.00"))]
    assert consumer.rows("select reason_code from dev_marts.rejected_rows") == [
        ("unknown_status",)
    ]


def test_own_vars(consumer):
    """Windows of 30 and 60 days: A came back after 26 days, C after 46, B never."""
    assert consumer.rows(
        "select window_days, as_of_date, customers, eligible_customers, repurchasers, "
        "uncensored_repurchasers from dev_marts.repurchase_rates "
        "where cohort_start is null order by window_days"
    ) == [
        (30, datetime.date(2024, 6, 30), 4, 3, 1, 1),
        (60, datetime.date(2024, 6, 30), 4, 3, 2, 2),
    ]


def test_own_models_read_the_marts(consumer):
    assert consumer.rows("select * from dev.regulars order by customer_id") == [
        ("A", 2, Decimal("135.00")),
        ("C", 2, Decimal("90.00")),
    ]


def test_disabled_parts_are_absent_and_schemas_are_the_consumers(consumer):
    """No RFM, no profiles, no demo; schemas begin with the target's, as dbt does it."""
    tables = consumer.rows(
        "select schema_name, table_name from duckdb_tables() where not internal"
    )
    assert {schema for schema, _ in tables} == {
        *("my_shop", "dev", "dev_intermediate", "dev_marts", "dev_rules"),
    }
    unwanted = ("int_rfm", "int_customer_tastes", "rfm_scores", "demo_")
    assert not [name for _, name in tables if name.startswith(unwanted)]
    mart_files = (ROOT / "models" / "marts").rglob("*.sql")
    wanted = {path.stem for path in mart_files if path.parent.name not in UNWANTED}
    assert {name for schema, name in tables if schema == "dev_marts"} == wanted


def collide(project: Consumer) -> None:
    """Give the consumer a macro, a test and a table of every name that stands here."""
    files = [*(ROOT / "macros").rglob("*.sql"), *(ROOT / "tests/generic").glob("*.sql")]
    found = {name for path in files for name in MACRO.findall(path.read_text("utf-8"))}
    names = {name for name in found if "__" not in name}  # no engine versions
    names |= {f"default__{name}" for name in names}
    (project.folder / "macros").mkdir()
    (project.folder / "macros" / "same_names.sql").write_text(
        "\n".join(f"{{% macro {name}() %}} nonsense {{% endmacro %}}" for name in names)
        + "{% test unique_grain(model) %} select 1 as never_passes {% endtest %}"
    )
    taken = [*(ROOT / "models").rglob("*.sql"), *(ROOT / "seeds/rules").glob("*.csv")]
    # Names that the consumer gave up here are free for tables of its own.
    given_up = {"order_status_rules", "exchange_rates"}
    given_up |= {path.stem for path in taken if path.parent.name in UNWANTED}
    (project.folder / "models" / "same_names").mkdir()
    for path in taken:
        if path.stem not in given_up:
            model = project.folder / "models" / "same_names" / f"{path.stem}.sql"
            model.write_text("select 1 as nonsense")


@pytest.mark.slow
def test_equal_names_change_nothing(consumer, tmp_path):
    """Own macros, tests and tables of every name used here: the same numbers."""
    other = Consumer(tmp_path)
    collide(other)
    assert other.dbt("deps").returncode == 0
    done = other.build()
    assert done.returncode == 0, done.stdout[-5000:]
    assert other.marts() == consumer.marts()


def semantics(project: Consumer) -> tuple[set[str], list[str]]:
    """Names of all metrics and tables of days, from what dbt leaves for `mf`."""
    for done in (project.dbt("deps"), project.dbt("--warn-error", "parse")):
        assert done.returncode == 0, done.stdout[-5000:]
    path = project.folder / "target" / "semantic_manifest.json"
    found = json.loads(path.read_text("utf-8"))
    days = found["project_configuration"]["time_spines"]
    return (
        {metric["name"] for metric in found["metrics"]},
        [spine["node_relation"]["alias"] for spine in days],
    )


def test_own_metrics_of_equal_names(tmp_path):
    """A consumer's `revenue` and days are the only ones, and nothing warns."""
    other = Consumer(tmp_path)
    (other.folder / "models" / "metrics.yml").write_text(OWN_METRICS)
    (other.folder / "models" / "days.sql").write_text("select date '2024-01-01' as day")
    assert semantics(other) == ({"revenue"}, ["days"])


def test_metrics_come_when_wanted(tmp_path):
    """By folder, without those of the parts that are disabled; the days are its own."""
    other = Consumer(tmp_path)
    own, _, _ = OWN_METRICS.partition("semantic_models:")
    (other.folder / "models" / "days.yml").write_text(own)
    (other.folder / "models" / "days.sql").write_text("select date '2024-01-01' as day")
    with open(other.folder / "dbt_project.yml", "a", encoding="utf-8") as settings:
        settings.write(WANTED_METRICS)
    metrics, days = semantics(other)
    assert {"order_revenue", "repurchase_rate_90d"} <= metrics
    assert "retention_rate" not in metrics and days == ["days"]


def test_tables_that_would_be_mistaken_stop_the_run(tmp_path):
    """Without the flag dbt looks into the project around it first: that is said."""
    other = Consumer(tmp_path)
    (other.folder / "models" / "dim_dates.sql").write_text("select 1 as date_day")
    settings = other.folder / "dbt_project.yml"
    kept = [
        line
        for line in settings.read_text("utf-8").splitlines()
        if "require_ref_searches" not in line
    ]
    settings.write_text("\n".join(kept))
    assert other.dbt("deps").returncode == 0
    done = other.dbt("run", "--select", "dim_dates")
    assert done.returncode != 0
    assert "corner_store has a dim_dates of its own" in done.stdout
    assert "require_ref_searches_node_package_before_root: true" in done.stdout


def test_macros_name_their_project():
    """A macro that calls another one says `repurchase.`: it may run in a model of a
    project that has none of that name, or another one."""
    names = {path.stem for path in (ROOT / "macros").rglob("*.sql")}
    for path in [*(ROOT / "macros").rglob("*.sql"), *(ROOT / "tests").rglob("*.sql")]:
        if path.parent.name == "singular":
            continue  # these always run as this project's own
        text = re.sub(r"{%-? *(macro|test) \w+\(", "", path.read_text("utf-8"))
        assert not names & set(CALL.findall(text)), path.name


def test_engine_versions_name_their_project():
    """dbt asks the project around a package for `default__<name>` first."""
    for path in (ROOT / "macros" / "engines").glob("*.sql"):
        text = path.read_text("utf-8")
        own, *versions = MACRO.findall(text)
        if own.endswith(f"__{path.stem}"):
            continue  # takes the place of a macro of dbt's
        assert own == path.stem
        assert f"adapter.dispatch('repurchase_{own}', 'repurchase')" in text
        for version in versions:
            assert re.fullmatch(f"[a-z]+__repurchase_{own}", version), version


def within(part, whole) -> bool:
    """Whether everything that a YAML value says stands in another one too."""
    if isinstance(part, dict):
        return all(key in whole and within(part[key], whole[key]) for key in part)
    return part == whole


def test_the_readme_shows_what_the_fixture_does():
    """The lines of the README stand in the consumer's files."""
    readme = (ROOT / "README.md").read_text("utf-8")
    section = readme.split("## Use it as a package", 1)[1].split("\n## ", 1)[0]
    packages, project = map(
        yaml.safe_load, re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    )
    assert list(packages["packages"][0]) == ["local"]
    path = FIXTURES / "consumer" / "dbt_project.yml"
    assert within(project, yaml.safe_load(path.read_text("utf-8")))
