"""Metrics by name give the marts' numbers."""

import re
import shlex
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

metricflow = pytest.importorskip("dbt_metricflow", reason="requirements-metrics.txt")

from dbt.cli.main import dbtRunner  # noqa: E402
from dbt_metricflow.cli.cli_configuration import CLIConfiguration  # noqa: E402
from metricflow.engine.metricflow_engine import MetricFlowQueryRequest  # noqa: E402

MF = Path(sys.executable).with_name("mf")
WINDOWS = (30, 60, 90, 180, 365)
MONTH = "metric_time__month"
READER = """
import sys, duckdb
con = duckdb.connect(sys.argv[1], read_only=True)
print("open", flush=True)
sys.stdin.read()
"""


class Questions:
    """Asks one engine, as `mf query` does, over a copy of the published demo."""

    def __init__(self, project: Path):
        self.project = project
        self.configuration = CLIConfiguration()
        self.configuration.setup(project, project, configure_file_logging=False)

    def __call__(self, metrics, group_by=(), where=None) -> list[tuple]:
        """Rows of the groups and metrics in the order of their names here, sorted."""
        names = [*group_by, *metrics]
        answer = self.configuration.mf.query(
            MetricFlowQueryRequest.create(
                metric_names=metrics,
                group_by_names=group_by,
                where_constraints=[where] if where else None,
            )
        ).result_df
        places = [answer.column_name_index(name) for name in names]
        return ordered([row[place] for place in places] for row in answer.rows)

    def saved(self, name: str) -> list[dict]:
        """Rows of a saved query in its own order, by column."""
        request = MetricFlowQueryRequest.create(saved_query_name=name)
        answer = self.configuration.mf.query(request).result_df
        columns = [column.lower() for column in answer.column_names]
        return [dict(zip(columns, row, strict=True)) for row in answer.rows]


def ordered(rows) -> list[tuple]:
    """Rows with moments as days, sorted with NULL first."""
    plain = [
        tuple(cell.date() if hasattr(cell, "hour") else cell for cell in row)
        for row in rows
    ]
    return sorted(plain, key=lambda row: [(x is not None, str(x)) for x in row])


def same(answer, rows) -> None:
    """Counts and money are equal, rates and means to 1e-9."""
    expected = ordered(rows)
    assert len(answer) == len(expected) > 0
    for row, other in zip(answer, expected, strict=True):
        for cell, value in zip(row, other, strict=True):
            if isinstance(value, float):
                assert cell == pytest.approx(value, rel=0, abs=1e-9), (row, other)
            elif isinstance(value, Decimal):  # `mf` hands out its shortest float
                assert Decimal(str(cell)) == value, (row, other)
            else:
                assert cell == value, (row, other)


@pytest.fixture(scope="module")
def project(demo, tmp_path_factory) -> Path:
    """This project over a copy of the published demo, parsed for `mf`.

    `mf` reads `target` in the project's folder, wherever dbt was told to write.
    """
    folder = tmp_path_factory.mktemp("project")
    for name in ("models", "macros", "seeds", "tests", "dbt_project.yml"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "profiles.yml", folder)
    shutil.copy(demo.published, folder / "repurchase.duckdb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBT_TARGET", "published")
        patch.setenv("DBT_TARGET_PATH", str(folder / "target"))
        patch.setenv("REPURCHASE_PUBLISHED", str(folder / "repurchase.duckdb"))
        folders = ["--project-dir", str(folder), "--profiles-dir", str(folder)]
        done = dbtRunner().invoke(["--quiet", "--warn-error", "parse", *folders])
        assert done.success, done.exception
        yield folder


@pytest.fixture(scope="module")
def ask(project) -> Questions:
    return Questions(project)


def test_sales_by_month(ask, demo):
    """Money and counts of every month, guests included."""
    same(
        ask(["order_revenue", "orders", "average_order_value", "buyers"], [MONTH]),
        demo.rows(
            "select date_trunc('month', order_date)::date, sum(net_amount), count(*), "
            "sum(net_amount)::double / count(*), count(distinct customer_key) "
            "from fct_orders group by all"
        ),
    )
    same(
        ask(["order_revenue"]),
        demo.rows("select sum(net_amount) from channel_performance"),
    )


def test_revenue(ask, demo):
    """All refunds are taken off: those of the orders, and those that name none."""
    same(
        ask(["revenue"], [MONTH]),
        demo.rows(
            "with amounts as (select order_date as day, net_amount from fct_orders "
            "union all select booked_date, -refund_amount from fct_refunds "
            "where refund_of = 'customer') "
            "select date_trunc('month', day)::date, sum(net_amount) from amounts "
            "group by all"
        ),
    )


def test_sales_by_channel(ask, demo):
    """The same as channel_performance, where the mean is rounded to cents."""
    metrics = ["orders", "buyers", "order_revenue", "average_order_value"]
    answer = [
        (*row[:-1], round(row[-1], 2)) for row in ask(metrics, ["order__channel"])
    ]
    same(
        answer,
        demo.mart(
            "channel_performance",
            "channel, orders, customers, net_amount, average_order_value",
        ),
    )


@pytest.mark.parametrize("grain", ["week", "month", "quarter"])
def test_returning_customers_and_repeat_orders_at_every_grain(ask, demo, grain):
    """What the mart counts period by period, from buyers, first purchases, orders."""
    metrics = ["buyers", "returning_customers", "returning_customer_share"]
    metrics += ["customer_orders", "repeat_orders", "repeat_order_share"]
    same(
        ask(metrics, [f"metric_time__{grain}"]),
        demo.rows(
            "select period_start, buyers, returning_customers, "
            "returning_customer_share, orders, repeat_orders, repeat_order_share "
            "from repurchase_rates_by_period where period_type = ? and buyers > 0",
            grain,
        ),
    )


def test_new_customers(ask, demo):
    """By month those of growth accounting, by first channel those of the channels."""
    same(
        ask(["new_customers"], [MONTH]),
        demo.rows(
            "select period_start, new from growth_accounting "
            "where period_type = 'month' and new > 0"
        ),
    )
    same(
        ask(["new_customers"], ["customer__first_channel"]),
        demo.mart("channel_performance", "channel, new_customers"),
    )
    same(
        ask(["customers"], [MONTH]),
        demo.rows(
            "select month_start, count(*) from (select distinct month_start from "
            "dim_dates) as months join fct_customers "
            "on cohort_month <= month_start group by all"
        ),
    )


@pytest.mark.parametrize("days", WINDOWS)
def test_repurchase_rates_by_cohort(ask, demo, days):
    """Every month in which somebody's window is over; the others are absent."""
    metrics = [
        f"{name}_{days}d"
        for name in ("eligible_customers", "repurchasers", "repurchase_rate")
    ]
    columns = "eligible_customers, repurchasers, repurchase_rate"
    rates = (
        f"select {{}} from repurchase_rates where window_days = {days} "
        "and eligible_customers > 0 and cohort_start is {} null"
    )
    same(
        ask(metrics, [MONTH]),
        demo.rows(rates.format(f"cohort_start, {columns}", "not")),
    )
    same(ask(metrics), demo.rows(rates.format(columns, "")))


def test_repurchase_rate_by_first_channel(ask, demo):
    """By group and by filter alike: a filter reaches both base and event."""
    metrics = ["eligible_customers_90d", "repurchasers_90d", "repurchase_rate_90d"]
    rates = (
        "select channel, eligible_customers_90d, repurchasers_90d, repurchase_rate_90d "
        "from channel_performance"
    )
    by_channel = ["customer__first_channel"]
    same(ask(metrics, by_channel), demo.rows(rates))
    same(
        ask(metrics, by_channel, "{{ Dimension('customer__first_channel') }} = 'web'"),
        demo.rows(f"{rates} where channel = 'web'"),
    )


def test_repurchase_rate_by_segment(ask, demo):
    """Segments stand in a mart of their own, joined by the customer."""
    metrics = ["customers", "eligible_customers_180d", "repurchasers_180d"]
    same(
        ask(metrics, ["customer__rfm_segment"]),
        demo.rows(
            "select rfm_segment, count(*), "
            "nullif(count(*) filter (where tenure_days >= 180), 0), "
            "case when count(*) filter (where tenure_days >= 180) > 0 then "
            "count(*) filter (where tenure_days >= 180 "
            "and second_purchase_date - first_purchase_date <= 180) end "
            "from fct_customers join rfm_scores using (customer_key) group by all"
        ),
    )
    same(
        ask(["customers"], ["customer__rfm_segment"]),
        demo.rows(
            "select rfm_segment, customers from rfm_segments where customers > 0"
        ),
    )


def test_lifecycle_states(ask, demo):
    same(
        ask(["customers"], ["customer__lifecycle_state"]),
        demo.rows(
            "select lifecycle_state, count(*) from customer_lifecycle group by 1"
        ),
    )


def test_rates_of_months(ask, demo):
    """Two purchases in a month, and one in each of two; of months that are over."""
    same(
        ask(["monthly_buyers", "repeat_customers", "repeat_customer_rate"], [MONTH]),
        demo.rows(
            "select period_start, buyers, repeat_customers, repeat_customer_rate "
            "from repurchase_rates_by_period where period_type = 'month' and is_mature"
        ),
    )
    months = "from repurchase_rates_by_period where period_type = 'month'"
    metrics = ["next_period_buyers", "next_period_repurchase_rate"]
    same(
        ask(metrics, [MONTH]),
        demo.rows(
            "select period_start, next_period_buyers, next_period_repurchase_rate "
            f"{months} and is_next_period_mature"
        ),
    )
    same(
        ask(metrics),
        demo.rows(
            "select sum(next_period_buyers)::bigint, "
            f"sum(next_period_buyers) / sum(buyers) {months} and is_next_period_mature"
        ),
    )


def test_retention(ask, demo):
    """Every cell of the month triangle after its first column, and its average row."""
    metrics = [
        "eligible_cohort_customers",
        "retained_cohort_customers",
        "retention_rate",
    ]
    by_age = "cohort__period_number"
    same(
        ask(metrics, [MONTH, by_age]),
        demo.rows(
            "select cohort_start, period_number, eligible_customers, "
            "eligible_active_customers, retention_rate from cohort_retention "
            "where period_type = 'month' and period_number > 0"
        ),
    )
    same(
        [row for row in ask(metrics, [by_age]) if row[1]],
        demo.rows(
            "select period_number, eligible_customers, eligible_active_customers, "
            "retention_rate from cohort_retention_averages where period_type = 'month' "
            "and period_number > 0 and not is_left_censored_excluded"
        ),
    )


@pytest.mark.parametrize("definition", ["fixed", "cycle"])
def test_churn(ask, demo, definition):
    metrics = [
        f"{name}_{definition}"
        for name in ("customers_at_start", "churned", "churn_rate")
    ]
    same(
        ask(metrics, [MONTH]),
        demo.rows(
            "select month_start, customers_at_start, churned, churn_rate "
            "from churn_rates where definition = ?",
            definition,
        ),
    )


@pytest.mark.parametrize("days", [30, 90, 180, 365])
def test_ltv(ask, demo, days):
    """The mean over customers whose days are over; nobody else counts as 0."""
    for group, column in [
        ("customer__first_channel", "first_channel"),
        ("customer__first_purchase_date__quarter", "cohort"),
        ("customer__rfm_segment", "rfm_segment"),
    ]:
        same(
            ask([f"ltv_{days}d"], [group]),
            demo.rows(
                "with customers as (select *, date_trunc('quarter', "
                "first_purchase_date)::date as cohort from fct_customers "
                "left join rfm_scores using (customer_key)) "
                f"select {column}, sum(ltv_{days}d)::double / count(ltv_{days}d) "
                "from customers group by all"
            ),
        )


def metric_files() -> list[dict]:
    paths = sorted((ROOT / "models" / "marts").rglob("*__metrics.yml"))
    return [yaml.safe_load(path.read_text("utf-8")) for path in paths]


def test_saved_queries_answer(ask):
    """Every one gives rows, with the columns that it names, in its order."""
    files = metric_files()
    saved = [query for found in files for query in found.get("saved_queries", [])]
    assert len(saved) > 5
    for query in saved:
        rows = ask.saved(query["name"])
        assert rows, query["name"]
        assert set(query["query_params"]["metrics"]) <= set(rows[0])
        (group, *_) = [name for name in rows[0] if "__" in name]
        groups = [row[group] for row in rows if row[group] is not None]
        assert groups == sorted(groups), query["name"]


def test_every_metric_is_asked_here():
    """A metric without a comparison with the marts has no place."""
    text = Path(__file__).read_text("utf-8")
    for found in metric_files():
        for metric in found.get("metrics", []):
            name, _, end = metric["name"].rpartition("_")
            known = [f'"{metric["name"]}"']
            if end in {f"{days}d" for days in WINDOWS} | {"fixed", "cycle"}:
                known += [f'"{name}"', f'"{name}_{{days}}d"']
            assert any(word in text for word in known), metric["name"]
            assert metric["label"] and metric["description"].endswith(".")


def readme_example() -> tuple[list[str], str]:
    """What the README hands to `mf`, and what it shows under it."""
    readme = (ROOT / "README.md").read_text("utf-8")
    (found,) = re.findall(r'\$ make metrics ARGS="(query .*)"\n(.*?)```', readme, re.S)
    return shlex.split(found[0]), found[1]


def test_the_readme_shows_what_mf_prints(project):
    """The command itself, while another process reads the published file."""
    command, shown = readme_example()
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(project / "repurchase.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert reader.stdout.readline().strip() == b"open"
        done = subprocess.run(
            [MF, *command], cwd=project, capture_output=True, text=True
        )
    finally:
        reader.communicate()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == shown.splitlines()
