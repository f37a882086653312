"""The report in a browser: it opens from disk, asks nobody, and shows what the marts
hold, in both languages, on a phone and a desk, in light, dark and print.

A picture of each look stays in target/report-screenshots.
"""

import calendar
import math
import re
import shutil
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations, product
from pathlib import Path

import duckdb
import pytest
import report
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright
from reporting.page import SECTIONS

pytestmark = pytest.mark.slow

SCREENSHOTS = Path(__file__).resolve().parents[2] / "target" / "report-screenshots"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LOCALES = {"en": "en-US", "zh": "zh-CN"}  # by language of the page
TITLES = {"en": "Repurchase report", "zh": "复购报告"}
WIDTHS = [390, 768, 1280]
SCHEMES = ["light", "dark"]
A4 = 688  # pixels between the margins of a sheet
MOST_BYTES = 7_000_000
CHINESE = re.compile("[\u4e00-\u9fff]")
KEYS = [module.__name__.rpartition(".")[2] for module in SECTIONS]

# -- what the demo's page has to show --

AWAY = "date_diff('day', first_purchase_date, second_purchase_date)"
ENDS = "select max(as_of_date) from fct_customers"
MONTH = "date_trunc('month', order_date)::date"
MARCH = "fct_customers where cohort_month = '2025-03-01'"
MOVED = (  # customers by segment in May and June
    "(select after.base_rfm_segment as now, before.base_rfm_segment as was from "
    "rfm_history as after left join rfm_history as before on before.customer_key = "
    "after.customer_key and date '2025-05-01' between before.valid_from_month "
    "and coalesce(before.valid_to_month, '2025-06-01') where date '2025-06-01' "
    "between after.valid_from_month and coalesce(after.valid_to_month, '2025-06-01'))"
)

JUNE = "(from fct_orders where order_date >= '2025-06-01')"
GAPS = (  # days between purchase days
    "(select order_date - lag(order_date) over (partition by customer_key "
    "order by order_date) as gap from (select distinct customer_key, order_date "
    "from fct_orders where not is_guest) qualify gap is not null)"
)
NAMED = "strftime(order_date, '%b %Y')"
OF_A_YEAR = "fct_orders where order_date >= '2024-07-01' and not is_guest group by 1"
RETURNED = (
    "(select customer_key, min(order_date) as back from fct_orders where "
    f"days_since_previous_purchase > 180 and order_date > ({ENDS}) - 365 group by 1) "
    "inner join reactivations using (customer_key) where reactivated_on = back"
)
BY_VALUE = (
    "(select net_amount, row_number() over (order by net_amount desc) as place "
    "from fct_customers)"
)
QUARTER = "'Q' || quarter(first_purchase_date) || ' ' || year(first_purchase_date)"
OOLONG = (
    "fct_order_items inner join fct_orders using (order_key) "
    "inner join dim_products using (product_key) "
    "where name = '铁观音 250克' and dim_products.shop_id = 'shanghai-1'"
)

# By section: the data-key of a figure and a query that gives it. Where there are two
# columns the first stands for the * of the key, row by row.
FIGURES = {
    "overview": {
        "orders": "select count(*) from fct_orders",
        "customers": "select count(*) from fct_customers",
        "revenue": "select sum(net_amount) from revenue_layer_cake",
        "repurchase_rate_90d": f"select avg(({AWAY} <= 90 is true)::int) "
        "from fct_customers where first_purchase_date + 90 <= as_of_date",
        "orders/last 365 days": "select count(*) from fct_orders "
        f"where order_date > ({ENDS}) - 365",
        "new customers/last 365 days": "select count(*) from fct_customers "
        "where first_purchase_date > as_of_date - 365",
        "best_revenue": "select sum(net_amount) from revenue_layer_cake "
        "group by month_start order by 1 desc limit 1",
        "buyers": "select count(distinct customer_key) from fct_orders "
        "where order_date >= '2025-06-01'",
        "returning": "select count(distinct customer_key) from fct_orders "
        "inner join fct_customers using (customer_key) "
        "where order_date >= '2025-06-01' and first_purchase_date < '2025-06-01'",
    },
    "cohorts": {
        "eligible": "select count(*) from fct_customers "
        "where first_purchase_date + 90 <= as_of_date",
        "cohort_size": f"select count(*) from {MARCH}",
        "cohort_repurchasers": f"select count(*) from {MARCH} and {AWAY} <= 90",
        "cohort_rate": f"select avg(({AWAY} <= 90 is true)::int) from {MARCH}",
    },
    "repurchase_curve": {
        "median": "select min(day) from repurchase_curves where purchase_number = 1 "
        "and stratum_type = 'all' and survival <= 0.5",
        "*/customers": "select n, count(*) from fct_customers, range(1, 5) as r(n) "
        "where purchase_count >= n group by n",
        "*/bought again so far": "select n, count(*) from fct_customers, "
        "range(1, 5) as r(n) where purchase_count > n group by n",
        "1/bought again in 180 days": "select count(*) from fct_customers "
        f"where first_purchase_date + 180 <= as_of_date and {AWAY} <= 180",
    },
    "rfm": {
        "*/customers": "select rfm_segment, count(*) from rfm_scores group by all",
        "*/net revenue, CNY": "select rfm_segment, sum(net_amount) from rfm_scores "
        "inner join fct_customers using (customer_key) group by all",
        "*/of customers": "select rfm_segment, count(*) / (select count(*) "
        "from rfm_scores) from rfm_scores group by all",
    },
    "lifecycle": {
        "flow_new": "select count(*) from fct_customers "
        "where first_purchase_date >= '2025-06-01'",
        "flow_churned": "select count(distinct customer_key) from fct_orders "
        f"anti join {JUNE} using (customer_key) where {MONTH} = '2025-05-01'",
        "*/buyers": f"select {NAMED}, count(distinct customer_key) from {OF_A_YEAR}",
        "*/revenue, CNY": f"select {NAMED}, sum(net_amount) from {OF_A_YEAR}",
        "state_customers": "select count(*) from customer_lifecycle "
        "group by lifecycle_state order by 1 desc limit 1",
    },
    "timing": {
        "gap_p50": f"select quantile_disc(gap, 0.5) from {GAPS}",
        "after any purchase/closed gaps": f"select count(*) from {GAPS}",
        "after purchase */closed gaps": "select n, count(*) from fct_customers, "
        "range(1, 7) as r(n) where purchase_count > n group by n",
        "km_p50": "select min(day) from repurchase_curves where survival <= 0.5 "
        "and purchase_number is null and stratum_type = 'all'",
        "overdue": "select count(*) from customer_profiles where overdue_ratio > 1",
        "due": "select count(*) from customer_profiles where "
        "expected_next_purchase_date - as_of_date between 1 and 30",
    },
    "value": {
        "best_customers": "select count(*) // 10 from fct_customers",
        "best_share": "select sum(net_amount) filter (place <= 200) / sum(net_amount) "
        f"from {BY_VALUE}",
        "gini": "select sum((2001 - 2 * place) * net_amount) / 2000 / sum(net_amount) "
        f"from {BY_VALUE}",
        "*/customers": f"select {QUARTER}, count(*) from fct_customers group by 1",
        "*/same quarter": "select 'Q' || quarter(cohort_start) || ' ' || "
        "year(cohort_start), round(net_amount / cohort_size, 2) from cohort_retention "
        "where period_type = 'quarter' and period_number = 0",
    },
    "season": {
        "*/orders": "select holiday_name, count(*) from fct_orders "
        "inner join dim_dates on order_date = date_day "
        "where holiday_name is not null group by 1",
        "busy_orders": "select count(*) from fct_orders "
        "where isodow(order_date) = 6 and order_hour = 20",
        "month_index": "select max(index) from seasonality where period_type = 'month'",
    },
    "products": {
        "top_revenue": "select sum(net_amount) from fct_order_items "
        "group by product_key order by 1 desc limit 1",
        "铁观音 250克/customers": f"select count(distinct customer_key) from {OOLONG}",
        "铁观音 250克/of orders, first ones": "select avg(is_first_order::int) from "
        f"(select distinct order_key, is_first_order from {OOLONG} and not is_guest)",
    },
    "channels": {
        "*/orders": "select channel, count(*) from fct_orders group by 1",
        "*/net revenue, CNY": "select channel, sum(net_amount) from fct_orders "
        "group by 1",
        "*/new customers": "select first_channel, count(*) from fct_customers "
        "group by 1",
        "*/90 days over": "select first_channel, count(*) from fct_customers "
        "where first_purchase_date + 90 <= as_of_date group by 1",
        "*/bought again in 90 days": "select first_channel, count(*) "
        f"from fct_customers where first_purchase_date + 90 <= as_of_date "
        f"and {AWAY} <= 90 group by 1",
        "average": "select repurchase_rate from repurchase_rates "
        "where cohort_start is null and window_days = 90",
    },
    "reactivations": {
        "returned": f"select count(*) from {RETURNED}",
        "returned_revenue": f"select sum(net_amount_after) from {RETURNED}",
        "channel: */customers": f"select channel, count(*) from {RETURNED} group by 1",
    },
    "predictions": {
        "expected_buyers": "select round(sum(repurchase_probability_90d)) "
        "from customer_predictions",
        "*/customers": "select rfm_segment, count(*) from rfm_scores group by 1",
        "judged": "select count(*) from fct_customers "
        "where first_purchase_date <= '2025-04-01'",
    },
    "data_quality": {
        "rejected": "select count(*) from rejected_rows",
        "*/rejected": "select replace(entity, '_', ' '), count(*) "
        "from rejected_rows group by 1",
        "refunds/accepted": "select count(*) from fct_refunds",
    },
}

MONTHS = "with months as (select distinct month_start as month from dim_dates)"
GUESTS = (
    f"{MONTHS} select month, coalesce(net_amount, 0) from months left join "
    "revenue_layer_cake on month_start = month and cohort_quarter is null order by 1"
)

# By chart, that is a section's key and the chart's place in it, and number of the
# trace: a query for its points, x and y, in order.
TRACES = {
    ("overview-2", 3): f"{MONTHS} select month, sum(net_amount) from months left join "
    "revenue_layer_cake on month_start + interval 1 year = month "
    "group by 1 order by 1",
    ("overview-2", 2): GUESTS,
    ("overview-4", 2): f"select {MONTH}, count(distinct customer_key) filter "
    f"({MONTH} > cohort_month) / count(distinct customer_key) from fct_orders "
    "inner join fct_customers using (customer_key) group by 1 order by 1",
    ("repurchase_curve-1", 2): "select day, 1 - survival from repurchase_curves "
    "where purchase_number = 1 and stratum_type = 'all' and day <= 365 order by day",
    ("rfm-3", 0): f"select count(*), segment_rank from rfm_segments inner join {MOVED} "
    "on now = rfm_segment and now is distinct from was group by 2 order by 2 desc",
    ("lifecycle-2", 2): "select cohort_month, count(*) from fct_customers "
    "group by 1 order by 1",
    ("timing-3", 0): "select least(floor(cycle_days / 7), 26) + 0.5, count(*) from "
    "customer_profiles where cycle_days is not null group by 1 order by 1",
    ("value-1", 0): "select (place - 1) // 200 + 1, sum(net_amount) / (select "
    f"sum(net_amount) from fct_customers) from {BY_VALUE} group by 1 order by 1",
    ("value-2", 0): GUESTS,
    ("season-1", 0): "select period, index from seasonality "
    "where period_type = 'month' order by period",
    ("products-1", 0): "select sum(net_amount), row_number() over (order by "
    "sum(net_amount) desc) - 1 from fct_order_items group by product_key "
    "order by 1 desc limit 10",
    ("channels-1", 0): "select sum(net_amount), row_number() over (order by "
    "sum(net_amount) desc) - 1 from fct_orders group by channel order by 1 desc",
    ("reactivations-2", 0): "select date_trunc('month', reactivated_on)::date, "
    "count(*) filter (purchases_after > 1) from reactivations group by 1 order by 1",
    ("predictions-3", 1): "select decile, actual from prediction_calibration "
    "inner join (select model from customer_predictions limit 1) using (model) "
    "where origin = '2025-04-01' order by decile",
}


def named_figures(demo, figures: dict):
    """Each figure's data-key, and its value by the marts."""
    for key, sql in figures.items():
        rows = demo.rows(sql)
        assert rows, key
        for *name, value in rows:
            yield (key.replace("*", str(name[0])) if name else key), float(value)


# -- a browser --


@dataclass
class Visit:
    """An open page, and whatever happened there that must not."""

    page: Page
    language: str
    trouble: list[str] = field(default_factory=list)

    def all(self, selector: str, of: str):
        """A JavaScript expression of each element e."""
        return self.page.locator(selector).evaluate_all(
            f"found => found.map(e => {of})"
        )

    def said(self, selector: str) -> str:
        """What a reader sees of the elements, in one line."""
        return " ".join(" ".join(self.seen(selector)).split())

    def seen(self, selector: str) -> list[str]:
        """What a reader sees of each element; "" where it is hidden."""
        return self.all(selector, "e.checkVisibility() ? e.innerText : ''")


@pytest.fixture(scope="module")
def browser():
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if not path:
        pytest.skip("no chromium here to open the page in")
    shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def open_page(browser):
    """Open a file with the network cut; contexts are closed by their user."""

    def run(path, language="en", width=1280, **options) -> Visit:
        context = browser.new_context(
            locale=LOCALES[language],
            viewport={"width": width, "height": 900},
            reduced_motion="reduce",
            **options,
        )
        context.set_offline(True)
        visit = Visit(context.new_page(), language)
        own, trouble = path.as_uri(), visit.trouble

        def answer(route):
            if route.request.url == own:
                return route.continue_()
            trouble.append(f"asks for {route.request.url}")
            route.abort()

        context.route("**/*", answer)
        visit.page.on(
            "console",
            lambda said: (
                said.type in ("error", "warning") and trouble.append(said.text)
            ),
        )
        visit.page.on("pageerror", lambda error: trouble.append(str(error)))
        visit.page.on(
            "dialog",
            lambda dialog: (trouble.append(dialog.message), dialog.dismiss()),
        )
        visit.page.goto(own)
        return visit

    return run


@pytest.fixture(scope="module")
def report_file(demo, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    report.report(demo.published, path)
    return path


@pytest.fixture
def opened(report_file, open_page):
    """The demo's report in a language, in a page that a test may change."""
    visits = []

    def run(language="en", **options) -> Visit:
        visits.append(open_page(report_file, language, **options))
        return visits[-1]

    yield run
    for visit in visits:
        visit.page.context.close()
        assert visit.trouble == []


@pytest.fixture(scope="module", params=LOCALES)
def tab(request, report_file, open_page):
    """The demo's report in each language, which tests leave as it is."""
    visit = open_page(report_file, request.param)
    yield visit
    visit.page.context.close()


@pytest.fixture(
    scope="module",
    params=product(WIDTHS, SCHEMES),
    ids=lambda look: "-".join(map(str, look)),
)
def visit(request, tab):
    """The same in every width, in light and dark."""
    width, scheme = request.param
    tab.page.set_viewport_size({"width": width, "height": 900})
    tab.page.emulate_media(color_scheme=scheme)
    tab.page.reload()
    return tab


@pytest.fixture(scope="module")
def desk(report_file, open_page):
    """The demo's report, to read figures from."""
    visit = open_page(report_file)
    yield visit
    visit.page.context.close()


@pytest.fixture(scope="module")
def from_data(demo):
    """Names that the shop gave, which are in whatever language they are."""
    return {
        name
        for (name,) in demo.rows(
            "select name from dim_products union select category from dim_products "
            "union select channel from fct_orders union select shop_id from fct_orders"
        )
        if name
    }


def is_said_in(language: str, text: str, from_data) -> bool:
    """English without Chinese characters but for names, or Chinese with some."""
    for name in sorted(from_data, key=len, reverse=True):
        text = text.replace(name, "")
    return bool(CHINESE.search(text)) == (language == "zh")


# -- in every look --


def test_nothing_goes_wrong(visit, request):
    """And a picture is kept."""
    look = request.node.callspec.id
    visit.page.screenshot(path=SCREENSHOTS / f"{look}.png", full_page=True)
    assert visit.trouble == []


def test_every_section_is_there(visit, from_data):
    assert visit.all("main > section", "e.id") == KEYS
    for key in KEYS:
        for part in ("h2", ".question", ".answer"):
            text = visit.said(f"#{key} {part}")
            assert text and is_said_in(visit.language, text, from_data), (key, text)
        assert visit.all(f"#{key} :is(figure, table)", "e.tagName"), key
    for width, height in visit.all(
        "main > section, figure, .table", "[e.offsetWidth, e.offsetHeight]"
    ):
        assert width > 100 and height > 30


def test_charts_are_drawn(visit):
    charts = visit.all(".chart", "e.id")
    assert charts
    for chart in charts:
        marks = visit.all(
            f"#{chart} .overplot :is(path, image)",
            "e.getBoundingClientRect()",
        )
        assert any(mark["width"] > 2 or mark["height"] > 2 for mark in marks), chart
    for kind in ("en", "zh"):
        shown = visit.all(f".scroll > .{kind}:has(svg)", "e.offsetHeight > 100")
        assert all(seen == (kind == visit.language) for seen in shown)


def test_no_text_of_a_chart_is_cut(visit):
    cut = visit.all(
        ".chart text",
        """(() => {
            const box = e.closest('.chart').getBoundingClientRect();
            const own = e.getBoundingClientRect();
            const over = Math.max(box.left - own.left, own.right - box.right,
              box.top - own.top, own.bottom - box.bottom);
            return over > 2 ? `${e.closest('.chart').id}: ${e.textContent}` : null;
        })()""",
    )
    assert not [text for text in cut if text]


def test_no_texts_of_a_chart_cover_each_other(visit):
    texts = visit.all(
        ".chart text",
        """(() => {
            const {left, right, top, bottom} = e.getBoundingClientRect();
            return [e.closest(".chart").id, e.textContent, left, right, top, bottom];
        })()""",
    )
    for one, other in combinations([text for text in texts if text[1]], 2):
        wide = min(one[3], other[3]) - max(one[2], other[2])
        high = min(one[5], other[5]) - max(one[4], other[4])
        assert one[0] != other[0] or wide < 3 or high < 3, (one, other)


def test_nothing_hangs_over_the_side(visit):
    over = visit.all(
        "body *",
        "e.getBoundingClientRect().right > innerWidth + 1 "
        "&& !e.closest('.scroll') && !e.closest('.chart') ? e.outerHTML : null",
    )
    assert not [element[:200] for element in over if element]
    assert visit.page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )


def test_axe_finds_nothing_serious(visit):
    """Slow, so contrast is looked at in one width, and structure in one scheme."""
    at_desk = visit.page.viewport_size["width"] == max(WIDTHS)
    if not at_desk and visit.page.evaluate(
        "matchMedia('(prefers-color-scheme: dark)').matches"
    ):
        return
    rules = {"color-contrast": {"enabled": at_desk}}
    options = {"resultTypes": ["violations"], "rules": rules}
    found = Axe().run(visit.page, options=options).response["violations"]
    assert not [
        (rule["id"], node["target"])
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


# -- the numbers --


@dataclass
class Figure:
    """A <data> element."""

    section: str
    language: str
    key: str
    value: str
    shown: str


@pytest.fixture(scope="module")
def figures(desk) -> list[Figure]:
    found = desk.all(
        "main data",
        "[e.closest('section').id, e.closest('.zh') ? 'zh' : 'en', e.dataset.key, "
        "e.value, e.textContent]",
    )
    assert len(found) > 100
    return [Figure(*one) for one in found]


def test_each_section_is_compared():
    assert [key for key in KEYS if not FIGURES.get(key)] == []


@pytest.mark.parametrize("section", FIGURES)
def test_figures_are_those_of_the_marts(section, figures, demo):
    expected = dict(named_figures(demo, FIGURES[section]))
    for language in LOCALES:
        values = {
            one.key: one.value
            for one in figures
            if (one.section, one.language) == (section, language)
        }
        assert {key: float(values[key]) for key in expected} == pytest.approx(
            expected, rel=1e-9
        )


SCALES = {"": 1, "%": 0.01, "K": 1e3, "M": 1e6, "B": 1e9, "万": 1e4, "亿": 1e8}
AMOUNT = re.compile(r"(-?)(?:CN)?¥?([\d,]+)(?:\.(\d+))?(%|K|M|B|万|亿|)")


def names_of(value: str, language: str) -> list[str]:
    """What a day, or the number of a month or a weekday, may be called."""
    if value.isdecimal():
        if language == "zh":
            return [f"{value}月", f"周{' 一二三四五六日'[int(value) % 8]}"]
        return [
            calendar.month_name[int(value) % 13],
            calendar.day_name[int(value) % 7 - 1],
        ]
    day = date.fromisoformat(value)
    quarter = f"Q{(day.month + 2) // 3}"
    if language == "zh":
        month = f"{day.year}年{day.month}月"
        return [month, f"{month}{day.day}日", f"{day.year}年{quarter}"]
    month = f"{day:%b}"
    return [
        f"{month} {day.year}",
        f"{month} {day.day}, {day.year}",
        f"{quarter} {day.year}",
    ]


def reads_as(shown: str, value: str, language: str) -> bool:
    """Whether the text, with the decimals that it has, says the value."""
    if value in ("better", "even", "worse"):
        return bool(CHINESE.search(shown)) if language == "zh" else shown == value
    amount = AMOUNT.fullmatch(shown)
    if not amount:
        return shown in names_of(value, language)
    minus, whole, decimals, unit = amount.groups(default="")
    said = float(f"{minus}{whole.replace(',', '')}.{decimals or 0}") * SCALES[unit]
    half = 0.5000001 * 10 ** -len(decimals) * SCALES[unit]
    return abs(said - float(value)) <= half


def test_figures_read_as_their_values(figures):
    for one in figures:
        shown, values = [one.shown], one.value.split(" ")
        if len(values) > 1:  # an interval
            shown = one.shown.split("–")
        for text, value in zip(shown, values, strict=True):
            assert reads_as(text, value, one.language), one


@pytest.mark.parametrize("chart, trace", TRACES)
def test_charts_show_the_marts(chart, trace, desk, demo):
    drawn = desk.page.locator(f"#{chart}").evaluate(
        "(e, trace) => [e.data[trace].x, e.data[trace].y]", trace
    )
    points = demo.rows(TRACES[chart, trace])
    assert [str(x) for x in drawn[0]] == [str(x) for x, _ in points]
    shown, expected = (
        [math.nan if y is None else float(y) for y in heights]
        for heights in (drawn[1], [y for _, y in points])
    )
    assert shown == pytest.approx(expected, rel=1e-9, nan_ok=True)


def test_triangle_shows_mature_cells_only(desk, demo):
    said = desk.all("#cohorts .en svg rect > title", "e.textContent")
    cells = [
        re.fullmatch(r"(\d+-\d+), age (\d+): (\d+) of (\d+) customers", text)
        for text in said
    ]
    assert {tuple(cell.groups()) for cell in cells if cell} == {
        tuple(map(str, row))
        for row in demo.rows(
            "select strftime(cohort_start, '%Y-%m'), period_number, "
            "repurchasers_to_date, cohort_size from cohort_retention "
            "where period_type = '30_days' and is_mature and period_number < 13 "
            "and cohort_start >= '2024-01-01'"
        )
    }


# -- the languages --


def check_language(visit: Visit, language: str, from_data) -> None:
    page = visit.page
    assert page.locator("html").get_attribute("lang") == {"zh": "zh-CN"}.get(
        language, language
    )
    assert page.title() == TITLES[language]
    for text in visit.seen("nav a, h3, caption"):
        assert not text or is_said_in(language, text, from_data), text
    chart_texts = " ".join(visit.all(".chart text", "e.textContent"))
    assert is_said_in(language, chart_texts, from_data), chart_texts
    months = r"20\d\d年\d+月" if language == "zh" else r"[A-Z][a-z]{2} 20\d\d"
    ticks = visit.all("#overview .xtick text", "e.textContent")
    assert len(ticks) > 4
    for tick in ticks:
        assert re.fullmatch(months, tick), ticks
    as_of = {"en": "as of Jun 30, 2025", "zh": "截至 2025年6月30日"}
    assert as_of[language] in visit.said("header")


def test_language_is_switched_and_remembered(opened, from_data):
    """The browser's own language comes first; mouse, Enter and Space change it."""
    visit = opened("zh")
    check_language(visit, "zh", from_data)
    button = visit.page.locator("#language")
    button.click()
    check_language(visit, "en", from_data)
    button.press("Enter")
    check_language(visit, "zh", from_data)
    button.press("Space")
    visit.page.reload()
    check_language(visit, "en", from_data)


LABELLED = {"lifecycle-1", "timing-4"}  # charts without tooltips: labels say it all
A_POINT = """(chart, part) => {
    const trace = chart._fullData.find((each) => each.hoverinfo !== "skip");
    if (!trace) return null;
    const axes = [trace.xaxis, trace.yaxis].map(
        (name) => chart._fullLayout[`${name[0]}axis${name.slice(1)}`]);
    const grid = trace.type === "heatmap"
        ? trace.z.flatMap((row, y) => row.map((z, x) => z === null ? null : [x, y]))
        : Array.from(trace.x, (_, place) => [place, place]);
    const points = grid.filter((point) => point !== null);
    const point = points[Math.floor(part * (points.length - 1))];
    const upright = trace.orientation !== "h";
    const box = chart.getBoundingClientRect();
    return axes.map((axis, i) => {
        const end = axis.d2p(trace[i ? "y" : "x"][point[i]]);
        const isLength = trace.type === "bar" && upright === (i === 1);
        const shift = isLength || trace.offset === undefined ? 0
            : axis.d2p(trace.width / 2) - axis.d2p(0);
        const inside = isLength ? (end + axis.d2p(0)) / 2 : end + shift;
        return box[i ? "top" : "left"] + axis._offset + inside;
    });
}"""


def tooltip(visit: Visit, chart: str, part=0.5) -> str | None:
    """What appears when the mouse stands on a point, 0 the first and 1 the last.

    None for a chart that says all in its labels.
    """
    element = visit.page.locator(f"#{chart}")
    words = visit.page.locator(f"#{chart} .hoverlayer text")
    element.scroll_into_view_if_needed()
    visit.page.mouse.move(0, 0)
    words.first.wait_for(state="detached", timeout=3000)
    point = element.evaluate(A_POINT, part)
    if point is None:
        return None
    visit.page.mouse.move(*point)
    words.first.wait_for(timeout=3000)
    return " ".join(words.all_text_contents())


def test_tooltips_are_in_the_language_of_the_page(tab, from_data):
    for chart in tab.all(".chart", "e.id"):
        text = tooltip(tab, chart)
        if text is None:
            assert chart in LABELLED
            continue
        said = is_said_in(tab.language, text, from_data)
        assert re.search(r"\d", text) and said, (chart, text)
        for left, right in tab.all(
            f"#{chart} .hoverlayer :is(.hovertext, .legend)",
            "[e.getBoundingClientRect().left, e.getBoundingClientRect().right]",
        ):
            width = tab.page.viewport_size["width"]
            assert 0 <= left and right <= width, (chart, text)


# -- without a mouse, paper or scripts --


def test_keyboard_reaches_everything_and_shows_where_it_is(opened):
    visit = opened()
    keyboard = visit.page.keyboard
    at = """() => {
        const e = document.activeElement, box = e.getBoundingClientRect();
        const {outlineStyle, outlineWidth} = getComputedStyle(e);
        return {tag: e.tagName, class: e.className, id: e.id,
            seen: box.left >= 0 && box.bottom > 0 && box.top < innerHeight,
            outline: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2};
    }"""
    reached = []
    while True:
        keyboard.press("Tab")
        now = visit.page.evaluate(at)
        if now["tag"] == "BODY":
            break
        assert now["seen"] and now["outline"], now
        reached.append(now)
    assert reached[0]["class"] == "skip" and reached[1]["id"] == "language"
    assert [now["tag"] for now in reached[2:]][: len(KEYS)] == ["A"] * len(KEYS)
    assert [now["id"] for now in reached[2 + len(KEYS) :]] == visit.all(
        ".scroll", "e.id"
    )
    visit.page.reload()
    keyboard.press("Tab")
    keyboard.press("Enter")
    keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.closest('main') !== null")


def test_paper_is_light_and_holds_everything(opened):
    visit = opened(width=A4, color_scheme="dark")
    page = visit.page
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert visit.said("nav, #language, .skip") == ""
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(255, 255, 255)"
    )
    assert set(visit.all(".chart .xtick text", "e.style.fill")) == {"rgb(31, 41, 55)"}
    over = visit.all(
        "main :not(.chart *)",
        "e.getBoundingClientRect().right > innerWidth + 1 ? e.outerHTML : null",
    )
    assert not [element[:200] for element in over if element]
    page.screenshot(path=SCREENSHOTS / "paper.png", full_page=True)
    page.emulate_media(media="screen", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert set(visit.all(".chart .xtick text", "e.style.fill")) == {
        "rgb(230, 237, 243)"
    }


def test_without_scripts_sentences_and_tables_are_there(opened):
    visit = opened(java_script_enabled=False)
    for key in KEYS:
        assert visit.page.locator(f"#{key} .answer").is_visible()
    tables = visit.page.locator(".scroll .en :is(table, svg)")
    assert tables.count() > 3
    assert all(table.is_visible() for table in tables.all())
    assert "Charts need JavaScript" in visit.said("header")
    assert visit.said("#language, .chart") == ""


# -- what data may do --

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "<b>bold</b>",
    "%{y}",
    "{{ 7*7 }}",
]
NAMES = """
    select table_name, column_name from duckdb_columns()
    where schema_name = 'marts' and data_type = 'VARCHAR' and column_name in (
        'shop_id', 'name', 'category', 'channel', 'first_channel', 'first_category',
        'preferred_channel', 'preferred_category', 'value', 'stratum', 'coupon_code',
        'country', 'recommended_action', 'rfm_segment', 'rfm_segment_zh',
        'base_rfm_segment', 'from_segment', 'to_segment')
"""


def copied(demo, tmp_path, *statements) -> Path:
    """A copy of the published demo after some statements."""
    copy = tmp_path / "copy.duckdb"
    shutil.copy(demo.published, copy)
    with duckdb.connect(str(copy)) as con:
        con.execute("use marts")
        for statement in statements:
            con.execute(*statement)
    return copy


def hostile_names(demo) -> dict[str, str]:
    """For each name in the marts a worse one; segments have all kinds of them."""
    every = [f'select "{column}" from {mart}' for mart, column in demo.rows(NAMES)]
    names = {name for (name,) in demo.rows(" union ".join(every)) if name}
    segments, segments_zh = zip(
        *demo.rows("select rfm_segment, rfm_segment_zh from rfm_segments"), strict=True
    )
    order = sorted(
        names, key=lambda name: (name in segments, name in segments_zh, name)
    )
    return {
        name: HOSTILE[place % len(HOSTILE)] + name for place, name in enumerate(order)
    }


def test_names_that_look_like_markup_stay_names(demo, tmp_path, open_page):
    worse = hostile_names(demo)
    statements = [
        ("create temp table worse as select unnest(?) as name, unnest(?) as new_name",)
        + ([list(worse), list(worse.values())],),
        *(
            (
                f'update {mart} set "{column}" = new_name from worse '
                f'where worse.name = {mart}."{column}"',
            )
            for mart, column in demo.rows(NAMES)
        ),
    ]
    path = tmp_path / "report.html"
    report.report(copied(demo, tmp_path, *statements), path)
    visit = open_page(path)
    for _ in LOCALES:
        made = "img, iframe, b, main a, [onload], [onerror]"
        assert visit.all(made, "e.outerHTML") == []
        assert len(visit.all("script", "0")) == 3
        labels = [bare(text) for text in visit.all(".chart text", "e.textContent")]
        check_labels(labels, {bare(name): bare(new) for name, new in worse.items()})
        texts = visit.said("body")
        tips = "".join(
            tooltip(visit, chart, part) or ""
            for chart in visit.all(".chart", "e.id")
            for part in (0, 0.6)
        )
        assert all(name in texts for name in HOSTILE)
        assert sum(name in tips for name in HOSTILE) > 2
        visit.page.locator("#language").click()
    visit.page.context.close()
    assert visit.trouble == []


def bare(words: str) -> str:
    """The words without spaces, which charts turn into ends of lines."""
    return "".join(words.split())


def check_labels(labels: list[str], worse: dict[str, str]) -> None:
    """Labels of charts have the new names, whole or cut off by an ellipsis."""
    assert all(bare(name) in "".join(labels) for name in HOSTILE)
    for label in labels:
        if label.endswith("…"):
            assert any(new.startswith(label[:-1]) for new in worse.values()), label
        found = max(
            (name for name in worse if label.endswith(name)), key=len, default=""
        )
        assert label.endswith(worse.get(found, "")), label


def test_page_does_not_grow_with_customers(demo, report_file, tmp_path):
    """Ten times the customers and orders: nothing of a single one is in the page."""
    marts = demo.rows(
        "select distinct table_name from duckdb_columns() where schema_name = 'marts' "
        "and column_name in ('customer_key', 'order_key')"
    )
    statements = [
        (f"insert into {mart} select {mart}.* from {mart}, range(9)",)
        for (mart,) in marts
    ]
    assert len(statements) > 8
    path = tmp_path / "report.html"
    more = report.report(copied(demo, tmp_path, *statements), path)
    size = report_file.stat().st_size
    assert size < MOST_BYTES
    assert more == pytest.approx(size, rel=0.02)
