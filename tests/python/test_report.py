"""The report says what the marts say, in two languages, and text stays text."""

import html
import json
import re
import shutil
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import SimpleNamespace

import duckdb
import plotly.graph_objects as go
import pytest
import report
from reporting.page import SECTIONS
from reporting.sections import predictions

MOST_BYTES = 7_000_000
CHINESE = re.compile("[\u4e00-\u9fff]")
WORDS = {
    "name",
    "text",
    "hovertemplate",
    "ticktext",
    "title",
}  # keys of words in charts
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "\"'><a href='javascript:alert(1)'>x</a>",
    "%{x} {answer} {{ 7 * 7 }}",
]


@dataclass
class Page(HTMLParser):
    """What a reader of the file finds in it."""

    sections: list = field(default_factory=list)
    elements: list = field(default_factory=list)
    values: dict = field(default_factory=dict)  # (section, key, language): value
    shown: list = field(default_factory=list)  # (section, figure or table)
    texts: list = field(default_factory=list)
    charts: dict = field(default_factory=dict)

    @classmethod
    def read(cls, path):
        page = cls()
        HTMLParser.__init__(page, convert_charrefs=True)
        page.stack, page.language, page.script = [], None, None
        page.feed(path.read_text("utf-8"))
        return page

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.elements.append((tag, found))
        if tag == "section":
            self.sections.append(found["id"])
        if found.get("class") in ("en", "zh"):
            self.language = found["class"]
        if tag == "data":
            section = self.sections[-1] if self.sections else None
            key = section, found["data-key"], self.language
            first = self.values.setdefault(key, found["value"])
            assert first == found["value"], f"{key} stands for two values of a section"
        if tag in ("figure", "table"):
            self.shown.append((self.sections[-1], tag))
        if tag == "script":
            self.script = found.get("id")

    def handle_data(self, data):
        if self.cdata_elem == "script":
            if self.script == "charts":
                self.charts = json.loads(data)
        elif data.strip():
            self.texts.append(data.strip())

    def text(self) -> str:
        return "\n".join(self.texts)


def drawn(published, tmp_path) -> Page:
    path = tmp_path / "report.html"
    report.report(published, path)
    return Page.read(path)


def changed(demo, tmp_path, *statements):
    """A copy of the published demo after some statements."""
    copy = tmp_path / "changed.duckdb"
    shutil.copy(demo.published, copy)
    with duckdb.connect(str(copy)) as con:
        con.execute("set schema = 'marts'")
        for statement in statements:
            con.execute(statement)
    return copy


def marts_of(demo) -> list[str]:
    return [
        name
        for (name,) in demo.rows(
            "select table_name from duckdb_tables() where schema_name = 'marts'"
        )
    ]


def keys() -> list[str]:
    return [module.__name__.rpartition(".")[2] for module in SECTIONS]


@pytest.fixture(scope="module")
def page(demo, tmp_path_factory):
    return drawn(demo.published, tmp_path_factory.mktemp("report"))


def walk(value, key=None, inside=None):
    """Every text of the charts as (key, what holds it, text)."""
    if isinstance(value, dict):
        for name, part in value.items():
            own = key if name in ("en", "zh") else name
            yield from walk(part, own, name if name in ("en", "zh") else None)
    elif isinstance(value, list):
        for part in value:
            yield from walk(part, key, inside)
    elif isinstance(value, str):
        yield key, inside, value


def pairs(value):
    if isinstance(value, dict):
        if "en" in value or "zh" in value:
            yield value
        else:
            for part in value.values():
                yield from pairs(part)
    elif isinstance(value, list):
        for part in value:
            yield from pairs(part)


def names_of(demo) -> set[str]:
    """Names that the data give, which are the same in both languages."""
    return {
        name
        for (name,) in demo.rows(
            "select name from dim_products union select channel from fct_orders"
        )
    }


def is_name(text: str, names: set[str]) -> bool:
    """Whether it is one of the names, in several lines or cut short."""
    plain = html.unescape(text.replace("<br>", " ")).removesuffix("…")
    return any(name.startswith(plain) for name in names)


def in_english(value):
    """A chart as page.js resolves it, every colour black."""
    if isinstance(value, dict):
        if value.keys() == {"en", "zh"}:
            return value["en"]
        return {key: in_english(part) for key, part in value.items()}
    if isinstance(value, list):
        return [in_english(part) for part in value]
    if isinstance(value, str) and value.startswith("var("):
        return "#000000"
    return value


def figure(page, section, key) -> str:
    """The value under a key, which both languages show."""
    shown = {page.values[section, key, language] for language in ("en", "zh")}
    assert len(shown) == 1, (section, key, shown)
    return shown.pop()


# -- the demo --


def test_every_section_is_there(page):
    assert page.sections == keys()
    assert set(page.sections) == {section for section, tag in page.shown}


def test_figures_are_those_of_the_marts(page, demo):
    """Each beside its own query, in both languages."""
    expected = {
        ("overview", "orders"): "select count(*) from fct_orders",
        ("overview", "customers"): "select count(*) from fct_customers",
        ("overview", "revenue"): "select sum(net_amount) from revenue_layer_cake",
        ("overview", "repurchasers"): "select repurchasers from repurchase_rates "
        "where cohort_start is null and window_days = 90",
        ("overview", "repurchase_rate_90d"): "select repurchase_rate "
        "from repurchase_rates where cohort_start is null and window_days = 90",
        ("rfm", "Champions/customers"): "select count(*) from customer_profiles "
        "where rfm_segment = 'Champions'",
        ("repurchase_curve", "1/customers"): "select count(*) from fct_customers",
        (None, "as_of_date"): "select max(as_of_date) from fct_customers",
    }
    for (section, key), query in expected.items():
        ((value,),) = demo.rows(query)
        for language in ("en", "zh"):
            assert page.values[section, key, language] == str(value), (key, language)


def test_figures_of_customers_in_time_are_those_of_the_marts(page, demo):
    """Sections lifecycle, timing, value and season, from other marts where they say."""
    month = "(select max(month_start) from churn_rates)"
    expected = {
        ("lifecycle", "flow_new"): "select count(*) from fct_customers "
        f"where date_trunc('month', first_purchase_date) = {month}",
        ("lifecycle", "flow_active"): "select count(distinct customer_key) "
        f"from fct_orders where date_trunc('month', order_date) = {month}",
        ("lifecycle", "Jun 2025/quick ratio"): "select quick_ratio "
        f"from growth_accounting where period_type = 'month' "
        f"and period_start = {month}",
        ("lifecycle", "silent over 180 days/churn rate"): "select churn_rate "
        f"from churn_rates where definition = 'fixed' and month_start = {month}",
        ("lifecycle", "silent over three own cycles/back within a year"): "select "
        "came_back_within_365d from churn_rates where definition = 'cycle' "
        "and month_start = date '2024-06-01'",
        ("timing", "km_p50"): "select min(day) from repurchase_curves where "
        "stratum_type = 'all' and purchase_number is null "
        "and cumulative_repurchase >= 0.5",
        ("timing", "after purchase 1/closed gaps"): "select count(*) "
        "from fct_customers where purchase_count >= 2",
        ("timing", "after purchase 1/closed: P90"): "select p90 from purchase_gaps "
        "where purchase_number = 1",
        ("timing", "with_cycle"): "select count(*) from fct_customers "
        "where purchase_count >= 3",
        ("timing", "overdue"): "select count(*) from customer_profiles "
        "where overdue_ratio > 1",
        ("timing", "due"): "select count(*) from customer_profiles "
        "where date_diff('day', as_of_date, expected_next_purchase_date) "
        "between 1 and 30",
        ("value", "best_customers"): "select count(*) from customer_profiles "
        "where value_decile = 1",
        ("value", "best_share"): "select revenue_share from revenue_concentration "
        "where decile = 1",
        ("value", "grown_ltv"): "select cumulative_ltv from cohort_retention "
        "where period_type = 'quarter' and period_number = 4 and is_mature "
        "order by cohort_start desc limit 1",
        ("value", "Q2 2023/customers"): "select count(*) from fct_customers "
        "where first_purchase_date between '2023-04-01' and '2023-06-30'",
        ("season", "month_index"): 'select max("index") from seasonality '
        "where period_type = 'month'",
        ("season", "Double 11/orders"): "select count(*) from fct_orders "
        "inner join dim_dates on order_date = date_day "
        "where holiday_name = 'Double 11'",
        ("season", "busy_orders"): "select max(orders) from purchase_times",
    }
    for (section, key), query in expected.items():
        ((value,),) = demo.rows(query)
        for language in ("en", "zh"):
            assert page.values[section, key, language] == str(value), (section, key)


def test_charts_add_up_to_the_marts(page, demo):
    def total(chart, axis):
        traces = page.charts[chart]["traces"]
        return sum(value or 0 for trace in traces for value in flat(trace[axis]))

    def flat(values):
        for value in values:
            yield from flat(value) if isinstance(value, list) else [value]

    expected = {
        ("lifecycle-1", "x"): "select count(*) from fct_customers",
        ("lifecycle-2", "y"): "select sum(active - coalesce(churned, 0)) "
        "from growth_accounting where period_type = 'month'",
        ("timing-3", "y"): "select count(cycle_days) from customer_profiles",
        ("timing-4", "x"): "select count(overdue_ratio) from customer_profiles",
        ("value-1", "y"): "select 1",
        ("value-2", "y"): "select sum(net_amount_by_order_date) from calendar_revenue",
        ("value-3", "y"): "select sum(cumulative_ltv) from cohort_retention "
        "where period_type = 'quarter' and is_mature",
        ("season-1", "y"): 'select sum("index") from seasonality '
        "where period_type = 'month'",
        ("season-4", "z"): 'select sum("index") from purchase_times',
    }
    for (chart, axis), query in expected.items():
        ((value,),) = demo.rows(query)
        assert total(chart, axis) == pytest.approx(float(value)), chart


def test_cells_that_are_not_over_are_no_numbers(demo, tmp_path):
    """The last month and quarter are open: hatched, left out, or marked not yet."""
    last_quarter = (
        "period_type = 'quarter' and "
        "cohort_start + to_months(3 * cast(period_number as integer)) >= '2025-04-01'"
    )
    page = drawn(
        changed(
            demo,
            tmp_path,
            "update growth_accounting set is_complete = false, churned = null "
            "where period_start >= '2025-06-01'",
            "update revenue_layer_cake set is_complete = false "
            "where month_start = '2025-06-01'",
            f"update cohort_retention set is_mature = false where {last_quarter}",
        ),
        tmp_path,
    )
    for chart in ("lifecycle-2", "value-2"):
        for trace in page.charts[chart]["traces"]:
            shapes = trace["marker"]["pattern"]["shape"]
            for start, shape in zip(trace["x"], shapes, strict=True):
                assert bool(shape) == (start == "2025-06-01"), (chart, start)
    assert page.values["lifecycle", "flow_month", "en"] == "2025-05-01"
    cells = page.values.keys()
    assert ("lifecycle", "May 2025/churned", "en") in cells
    assert ("lifecycle", "Jun 2025/churned", "en") not in cells
    cohorts = demo.rows(
        "select strftime(cohort_start, '%Y'), quarter(cohort_start), period_number, "
        f"not ({last_quarter}) from cohort_retention where period_type = 'quarter'"
    )
    assert {is_over for *_, is_over in cohorts} == {True, False}
    for year, quarter, age, is_over in cohorts:
        key = (
            f"Q{quarter} {year}/{age} later"
            if age
            else f"Q{quarter} {year}/same quarter"
        )
        if age in (0, 1, 4, 8):
            assert (("value", key, "en") in cells) == is_over, key
    points = sum(len(trace["x"]) for trace in page.charts["value-3"]["traces"])
    assert points == sum(is_over for *_, is_over in cohorts)


def test_a_shop_without_hours_cycles_and_seasons(demo, tmp_path):
    page = drawn(
        changed(
            demo,
            tmp_path,
            "delete from purchase_times",
            "update purchase_cycles set cycle_days = null, overdue_ratio = null",
            "update seasonality set \"index\" = null where period_type <> 'weekday'",
            "delete from churn_rates",
        ),
        tmp_path,
    )
    shown = {name for name in page.charts if name.split("-")[0] in ("timing", "season")}
    assert shown == {"timing-1", "season-2"}
    assert "The shop gives no time of day with its orders." in page.text()
    assert "订单没有下单时刻，无法按小时统计。" in page.text()
    assert (
        "The year's season is not known yet: it takes 24 whole months." in page.text()
    )


def test_products_and_channels_are_those_of_the_orders(page, demo):
    ((name, revenue, orders, customers),) = demo.rows(
        "select name, sum(items.net_amount), count(distinct order_key), "
        "count(distinct customer_key) from fct_order_items as items "
        "inner join fct_orders using (order_key) inner join dim_products "
        "using (product_key) group by product_key, name order by 2 desc limit 1"
    )
    assert figure(page, "products", "top_revenue") == str(revenue)
    assert figure(page, "products", f"{name}/orders") == str(orders)
    assert figure(page, "products", f"{name}/customers") == str(customers)
    ((steps, most),) = demo.rows(
        "select max(steps_from), max(transitions) from next_products "
        "inner join product_performance on product_key = product_from "
        "where net_amount = (select max(net_amount) from product_performance)"
    )
    assert figure(page, "products", f"{name}/next purchases seen") == str(steps)
    assert figure(page, "products", f"{name}/of these, with it") == str(most)
    channels = demo.rows(
        "select channel, count(*), sum(net_amount) from fct_orders group by channel"
    )
    came_back = dict(
        demo.rows(
            "select first_channel, count(*) from fct_customers "
            "where first_purchase_date + 90 <= as_of_date "
            "and second_purchase_date <= first_purchase_date + 90 "
            "group by first_channel"
        )
    )
    for channel, orders, revenue in channels:
        found = {
            "orders": orders,
            "net revenue, CNY": revenue,
            "bought again in 90 days": came_back[channel],
        }
        for column, value in found.items():
            key = f"{channel}/{column}"
            assert figure(page, "channels", key) == str(value), key
    best = max(channels, key=lambda row: row[2])
    assert figure(page, "channels", "top_revenue") == str(best[2])


def test_first_products_are_drawn_as_the_mart_has_them(page, demo):
    rows = demo.rows(
        "select cumulative_repurchase_rate from cohort_retention_by_first_attribute "
        "where attribute = 'product' and period_number = 3 and value <> '(other)' "
        "order by cohort_size desc, value limit 10"
    )
    dots, *_ = page.charts["products-2"]["traces"]
    assert dots["x"] == [rate for (rate,) in rows]


def test_returns_are_those_of_the_orders(page, demo):
    """Purchase days more than 180 days after the one before, in the last year."""
    ((returned,),) = demo.rows(
        "with days as (select distinct customer_key, order_date from fct_orders "
        "where not is_guest), gaps as (select customer_key, order_date, order_date "
        "- lag(order_date) over (partition by customer_key order by order_date) as gap "
        "from days) select count(distinct customer_key) from gaps where gap > 180 "
        "and order_date > (select max(order_date) from fct_orders) - 365"
    )
    assert figure(page, "reactivations", "returned") == str(returned)
    ((revenue,),) = demo.rows(
        "select sum(since) from (select arg_min(net_amount_after, reactivated_on) "
        "as since from reactivations where reactivated_on > as_of_date - 365 "
        "group by customer_key)"
    )
    assert figure(page, "reactivations", "returned_revenue") == str(revenue)
    ((silent,),) = demo.rows("select max(gap_days) from reactivations")
    ((count,),) = demo.rows("select count(*) from reactivations")
    later, stayed = page.charts["reactivations-2"]["traces"]
    assert sum(later["y"]) + sum(stayed["y"]) == count
    bars, *_ = page.charts["reactivations-3"]["traces"]
    assert sum(bars["y"]) == count and bars["customdata"][-1] >= silent


def test_predictions_are_judged_as_the_mart_judges(page, demo):
    ((buyers, customers),) = demo.rows(
        "select round(sum(repurchase_probability_90d)), count(*) "
        "from customer_predictions"
    )
    assert figure(page, "predictions", "expected_buyers") == f"{buyers:.0f}"
    assert figure(page, "predictions", "customers") == str(customers)
    ((model, rule),) = demo.rows(
        "select max(value) filter (where model = 'mbgnbd'), "
        "max(value) filter (where is_baseline) from prediction_evaluation "
        "where metric = 'auc' and origin = as_of_date - 90"
    )
    measure = "buyers ranked first (AUC) ↑"
    assert figure(page, "predictions", f"{measure}/model") == str(model)
    assert figure(page, "predictions", f"{measure}/its figure") == str(rule)
    expected, actual = page.charts["predictions-3"]["traces"]
    deciles = demo.rows(
        "select predicted, actual from prediction_calibration "
        "where model = 'mbgnbd' and origin = as_of_date - 90 order by decile"
    )
    assert list(zip(expected["y"], actual["y"], strict=True)) == deciles


def test_rows_are_those_of_the_files(page, demo, demo_rows):
    names = {"order_items": "order items"}
    for entity, rows in demo_rows.items():
        key = f"{names.get(entity, entity)}/rows read"
        assert figure(page, "data_quality", key) == str(len(rows)), entity
    ((rejected,),) = demo.rows("select count(*) from rejected_rows")
    assert figure(page, "data_quality", "rejected") == str(rejected)


def test_both_languages_show_the_same_figures(page):
    figures = {}
    for (section, key, language), value in page.values.items():
        figures.setdefault((section, key), {})[language] = value
    del figures[None, "currency"]
    assert len(figures) > 50
    for key, shown in figures.items():
        assert shown.keys() == {"en", "zh"} and len(set(shown.values())) == 1, key


def test_nothing_is_said_in_one_language_only(page, demo):
    names = names_of(demo)
    classes = [found.get("class") for _, found in page.elements]
    spoken = [name for name in classes if name in ("en", "zh")]
    assert spoken[::2] == ["en"] * (len(spoken) // 2)
    assert spoken[1::2] == ["zh"] * (len(spoken) // 2)
    for module in SECTIONS:
        for text in (module.TITLE, module.QUESTION):
            assert text.en and CHINESE.search(text.zh), module.__name__
    for pair in pairs(page.charts):
        assert pair.keys() == {"en", "zh"} and bool(pair["en"]) == bool(pair["zh"])
        if re.search(r"[a-z]{4}", re.sub(r"%\{.*?\}|<.*?>", "", pair["en"])):
            assert CHINESE.search(pair["zh"]) or is_name(pair["zh"], names), pair
    for key, inside, text in walk(page.charts):
        if key in WORDS and re.search(
            "[A-Za-z]{3}", re.sub(r"%\{.*?\}|<.*?>", "", text)
        ):
            assert inside in ("en", "zh"), (key, text)


def test_charts_are_figures_that_plotly_knows(page):
    assert page.charts
    for name, chart in page.charts.items():
        go.Figure(in_english(chart["traces"]), in_english(chart["layout"]))
        assert any(found.get("id") == name for _, found in page.elements)


def test_ids_are_unique(page):
    ids = [found["id"] for _, found in page.elements if "id" in found]
    assert len(ids) == len(set(ids))


def test_page_is_small_and_asks_nobody(demo, tmp_path):
    path = tmp_path / "report.html"
    size = report.report(demo.published, path)
    assert size == path.stat().st_size < MOST_BYTES
    for _, found in Page.read(path).elements:
        for name in ("src", "href", "action", "data", "srcset"):
            assert found.get(name, "#").startswith("#"), found
    own = re.sub(r"<script>.*?</script>", "", path.read_text("utf-8"), flags=re.S)
    assert "default-src 'none'" in own
    assert "@import" not in own and "url(http" not in own
    ids = {found for (found,) in demo.rows("select customer_id from fct_customers")}
    assert len(ids) > 2 and not [found for found in ids - {None} if found in own]


@pytest.mark.parametrize(
    ("as_of_by", "words"),
    [("null", []), ("'event'", ["by event date"]), ("'arrival'", ["by arrival"])],
)
def test_the_header_says_how_an_as_of_date_is_meant(demo, tmp_path, as_of_by, words):
    """Of the run that readers have, after a rollback too."""
    (run,) = demo.row("select max(run_id) from build_runs")
    page = drawn(
        changed(
            demo,
            tmp_path,
            f"update build_runs set as_of_by = {as_of_by} where run_id = {run}",
            "insert into build_runs (run_id, outcome, published_run_id) "
            f"values ({run + 1}, 'rolled back', {run}), ({run + 2}, 'failed', null)",
        ),
        tmp_path,
    )
    said = [text for text in page.texts if text in ("by event date", "by arrival")]
    assert said == words


# -- what data may do --


def test_text_from_data_stays_text(demo, tmp_path):
    """Names of shops, products, channels and segments that look like markup."""
    columns = demo.rows(
        "select table_name, column_name from duckdb_columns() "
        "where schema_name = 'marts' and data_type = 'VARCHAR' and column_name in "
        "('shop_id', 'name', 'category', 'channel', 'value', 'recommended_action', "
        "'recommended_action_zh', "
        "'currency', 'reason', 'period_name', 'lifecycle_state_zh')"
    )
    statements = [
        f'update {mart} set "{column}" = '
        f"""'{HOSTILE[place % len(HOSTILE)].replace("'", "''")}' || "{column}" """
        f'where "{column}" is not null'
        for place, (mart, column) in enumerate(columns)
    ]
    statements += [
        f"update {mart} set {column} = '{HOSTILE[0]}' || {column}"
        for mart in ("rfm_segments", "rfm_scores", "rfm_migrations")
        for column in ("rfm_segment", "rfm_segment_zh", "from_segment", "to_segment")
        if (column in ("from_segment", "to_segment")) == (mart == "rfm_migrations")
    ]
    hostile = drawn(changed(demo, tmp_path, *statements), tmp_path)
    assert not [
        found
        for tag, found in hostile.elements
        if tag in ("img", "a") and not found.get("href", "").startswith("#")
    ]
    assert sum(tag == "script" for tag, _ in hostile.elements) == 3
    assert not any(name.startswith("on") for _, f in hostile.elements for name in f)
    assert HOSTILE[0] in hostile.text()
    escaped = 0
    for _, _, text in walk(hostile.charts):
        assert not re.sub("<br>|<extra></extra>", "", text).count("<"), text
        escaped += "&lt;img" in text
    assert escaped


def test_names_of_products_and_channels_stay_text(demo, tmp_path):
    quoted = [name.replace("'", "''") for name in HOSTILE]
    page = drawn(
        changed(
            demo,
            tmp_path,
            f"update product_performance set name = '{quoted[1]}' || product_id",
            f"update dim_products set name = '{quoted[1]}' || product_id",
            f"update channel_performance set channel = '{quoted[2]}' || channel",
            f"update reactivations set category = '{quoted[0]}', "
            f"coupon_code = '{quoted[3]}'",
        ),
        tmp_path,
    )
    for name in HOSTILE:
        assert name in page.text()
    for chart in ("products-1", "products-2", "channels-1", "channels-2"):
        shown = [text for _, _, text in walk(page.charts[chart])]
        assert any("&lt;" in text for text in shown), chart
        for text in shown:
            assert "<" not in re.sub("<br>|<extra></extra>", "", text), text


def test_a_rule_that_beats_the_model_is_said_to(demo, tmp_path):
    measure = "buyers ranked first (AUC) ↑"
    page = drawn(
        changed(
            demo,
            tmp_path,
            "update prediction_evaluation set value = 0.99, ci_low = 0.98, "
            "ci_high = 1 where model = 'zero' and metric = 'auc' "
            "and origin = as_of_date - 90",
        ),
        tmp_path,
    )
    ((origin,),) = demo.rows("select max(origin) from prediction_evaluation")
    day = f"{origin:%b} {origin.day}, {origin.year}"
    assert figure(page, "predictions", f"{measure}/{day}") == "worse"
    assert figure(page, "predictions", "worse") == "1"
    assert "nobody buys" in page.text()


@pytest.mark.parametrize(
    ("metric", "model", "rule", "verdict"),
    [
        ("rmse", (0.5, 0.4, 0.6), (0.8, 0.7, 0.9), "better"),
        ("rmse", (0.8, 0.7, 0.9), (0.5, 0.4, 0.6), "worse"),
        ("rmse", (0.5, 0.4, 0.6), (0.6, 0.6, 0.7), "even"),
        ("auc", (0.9, 0.85, 0.95), (0.7, 0.6, 0.8), "better"),
        ("auc", (0.7, 0.6, 0.8), (0.9, 0.85, 0.95), "worse"),
        ("bias", (-0.1, -0.2, 0.05), (0.3, 0.25, 0.35), "better"),
        ("bias", (-0.3, -0.4, -0.25), (0.1, -0.1, 0.2), "worse"),
        ("bias", (-0.2, -0.3, -0.1), (0.2, 0.1, 0.3), "even"),
    ],
)
def test_verdict_of_a_comparison(metric, model, rule, verdict):
    sides = [
        SimpleNamespace(metric=metric, value=value, ci_low=low, ci_high=high)
        for value, low, high in (model, rule)
    ]
    assert predictions.Match(*sides).verdict().exact == verdict


@pytest.mark.parametrize(
    ("section", "statement", "words"),
    [
        ("products", "delete from product_performance", "name no products"),
        (
            "products",
            "delete from product_performance where product_id <> 'SKU-03' "
            "or net_amount < 10000",
            "only one product",
        ),
        ("channels", "delete from channel_performance", "name no channel"),
        ("reactivations", "delete from reactivations", "Nobody has come back"),
        (
            "predictions",
            "update customer_predictions set model_status = 'insufficient_data'",
            "too few buyers or too short a history",
        ),
        (
            "predictions",
            "update customer_predictions set model_status = 'not_converged'",
            "the purchases fit no model",
        ),
        ("data_quality", "delete from source_reconciliation", "No rows have been"),
    ],
)
def test_what_is_absent_is_one_line(section, statement, words, demo, tmp_path):
    page = drawn(changed(demo, tmp_path, statement), tmp_path)
    assert words in page.text()
    assert section in page.sections
    assert section not in {shown for shown, _ in page.shown}


def test_the_rest_is_no_first_product(demo, tmp_path):
    """However many customers began with some other product or none."""
    page = drawn(
        changed(
            demo,
            tmp_path,
            "update cohort_retention_by_first_attribute set cohort_size = 1000000 "
            "where value in ('(other)', '(none)')",
        ),
        tmp_path,
    )
    names = page.charts["products-2"]["layout"]["yaxis"]["ticktext"]
    assert names and not any("(" in name["en"] for name in names)


def test_without_a_test_the_prediction_stands_alone(demo, tmp_path):
    page = drawn(
        changed(demo, tmp_path, "update prediction_evaluation set value = null"),
        tmp_path,
    )
    assert "could not be tested on the past" in page.text()
    assert ("predictions", "figure") in page.shown


def test_rows_that_are_lost_come_first(demo, tmp_path):
    page = drawn(
        changed(
            demo,
            tmp_path,
            "update source_reconciliation set difference_rows = -3 "
            "where entity = 'orders'",
        ),
        tmp_path,
    )
    assert figure(page, "data_quality", "lost") == "3"


def test_without_data_each_section_says_so(demo, tmp_path):
    emptied = [f"delete from {mart}" for mart in marts_of(demo)]
    empty = drawn(changed(demo, tmp_path, *emptied), tmp_path)
    assert empty.sections == keys()
    assert empty.charts == {}
    assert sum(found.get("class") == "answer" for _, found in empty.elements) == len(
        keys()
    )
    assert empty.shown == []


def test_before_any_window_is_over(demo, tmp_path):
    """Rates are NULL and nothing is mature: the page is drawn all the same."""
    columns = demo.rows(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where schema_name = 'marts' and (data_type = 'DOUBLE' "
        "or column_name like 'is_mature%' or column_name like 'eligible_%')"
    )
    nothing = {"DOUBLE": "null", "BOOLEAN": "false"}
    young = drawn(
        changed(
            demo,
            tmp_path,
            *(
                f'update {mart} set "{column}" = {nothing.get(data_type, 0)}'
                for mart, column, data_type in columns
            ),
        ),
        tmp_path,
    )
    assert young.sections == keys()
    assert not [value for value in young.values.values() if value in ("nan", "None")]


def test_a_table_that_is_missing_is_named(demo, tmp_path):
    page = drawn(changed(demo, tmp_path, "drop table rfm_scores"), tmp_path)
    assert "The published file has no table" in page.text()
    assert "rfm_scores" in page.text()


# -- the command --


def test_command_writes_the_page(demo, tmp_path, capsys):
    path = tmp_path / "new" / "page.html"
    assert report.main(["--published", str(demo.published), "--out", str(path)]) == 0
    assert capsys.readouterr().out.startswith(f"{path}: ")
    assert [found.name for found in path.parent.iterdir()] == ["page.html"]


@pytest.mark.parametrize("content", [None, "no database"])
def test_command_keeps_the_old_page(content, tmp_path, capsys):
    published, path = tmp_path / "x.duckdb", tmp_path / "page.html"
    path.write_text("old")
    if content:
        published.write_text(content)
    assert report.main(["--published", str(published), "--out", str(path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("report: ") and error.count("\n") == 1
    assert path.read_text() == "old"
    assert {found.name for found in tmp_path.iterdir()} <= {"page.html", "x.duckdb"}


def test_without_its_packages_it_says_what_to_do(demo, monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "reporting.page", None)
    path = tmp_path / "page.html"
    assert report.main(["--published", str(demo.published), "--out", str(path)]) == 1
    assert "make .venv/report" in capsys.readouterr().err
