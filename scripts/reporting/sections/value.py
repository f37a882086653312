"""Where does the revenue come from?"""

from reporting import charts
from reporting.blocks import Chart, Content
from reporting.charts import BLUE, GUEST
from reporting.tables import table
from reporting.words import (
    EMPTY,
    NOT_YET,
    Text,
    money,
    number,
    quarter,
    same,
    share,
)

TITLE = Text("Value", "客户价值")
QUESTION = Text(
    "On how few customers does the revenue hang, and what is one of them worth?",
    "收入集中在多少客户身上？一位客户值多少？",
)
MONTHS = 36  # of the layer cake, the latest
COHORTS = 12  # quarters, the youngest
YEAR = 4  # quarters
AGES = [0, 1, 2, 3, 4, 6, 8]  # quarters since the first, columns of the table


def section(marts) -> Content:
    deciles = marts.some(
        "select * from revenue_concentration order by decile",
        otherwise=Text("No customer has bought yet.", "还没有客户购买。"),
    )
    blocks = []
    if deciles[0].revenue_share is not None:
        blocks.append(concentration_chart(marts, deciles))
    blocks.append(layer_cake(marts))
    cohorts = quarters(marts)
    if any(row.is_mature for rows in cohorts.values() for row in rows):
        blocks.append(ltv_chart(marts, cohorts))
    blocks.append(ltv_table(marts, cohorts))
    return Content(answer(marts, deciles, cohorts), blocks)


def answer(marts, deciles, cohorts) -> Text:
    best = deciles[0]
    if best.revenue_share is None:
        return Text(
            "Customers have brought in nothing, all refunds taken off.",
            "扣除退款后，客户净收入不为正。",
        )
    words = Text(
        "The best tenth of the customers ({best_customers}) brought in {best_share} of "
        "the net revenue",
        "消费最高的 10% 客户（{best_customers} 人）贡献净收入的 {best_share}",
    ).fill(best_customers=number(best.customers), best_share=share(best.revenue_share))
    grown = [
        row
        for rows in cohorts.values()
        for row in rows
        if row.period_number == YEAR and row.is_mature
    ]
    if not grown:
        return Text("{words}.", "{words}。").fill(words=words)
    youngest = grown[-1]
    return Text(
        "{words}; a customer won in {grown_cohort} had brought in {grown_ltv} on "
        "average by the end of the same quarter a year later.",
        "{words}；{grown_cohort}首购的客户到次年同季末人均累计贡献 {grown_ltv}。",
    ).fill(
        words=words,
        grown_cohort=quarter(youngest.cohort_start),
        grown_ltv=money(youngest.cumulative_ltv, marts.currency, 2),
    )


def concentration_chart(marts, deciles) -> Chart:
    return Chart(
        Text(
            "Share of the revenue by tenth of the customers",
            "各 10% 客户的收入占比",
        ),
        Text(
            "1 is the best tenth. Gini coefficient {gini}: 0 when all bring in the "
            "same, near 1 when it all comes from one.",
            "1 为消费最高的 10%。基尼系数 {gini}：0 表示人人相同，越接近 1 越集中。",
        ).fill(gini=number(deciles[0].gini, 2)),
        [
            {
                "type": "bar",
                "x": [row.decile for row in deciles],
                "y": [row.revenue_share for row in deciles],
                "text": [share(row.revenue_share) for row in deciles],
                "textposition": "outside",
                "textangle": 0,
                "cliponaxis": False,
                "marker": {"color": BLUE},
                "customdata": [
                    [
                        number(row.customers),
                        money(row.net_amount, marts.currency),
                        share(row.cumulative_share),
                    ]
                    for row in deciles
                ],
                "hovertemplate": Text(
                    "tenth %{x}: %{customdata[0]} customers\n%{customdata[1]}\n"
                    "%{customdata[2]} together with all better ones",
                    "第 %{x} 个 10%：%{customdata[0]} 人\n%{customdata[1]}\n"
                    "累计占比 %{customdata[2]}",
                ),
            }
        ],
        {
            "xaxis": {
                "title": {"text": Text("tenth of the customers", "客户十等分")},
                "dtick": 1,
                "showgrid": False,
            },
            "yaxis": charts.SHARES,
            "margin": {"r": 12, "t": 24},
        },
        height=300,
    )


def shades(cohorts) -> dict:
    """The colour of each cohort by its year: the later, the stronger."""
    years = sorted({start.year for start in cohorts})
    colours = [colour for _, colour in charts.SEQUENCE[3:]]
    step = (len(colours) - 1) / max(len(years) - 1, 1)
    return {start: colours[round(years.index(start.year) * step)] for start in cohorts}


def layer_cake(marts) -> Chart:
    """Net revenue by month, a layer for each quarter of the first purchase."""
    found = marts.some(
        "select month_start, cohort_quarter, customers, net_amount, is_complete "
        "from revenue_layer_cake qualify dense_rank() over (order by month_start desc) "
        "<= ? order by cohort_quarter nulls first, month_start",
        MONTHS,
    )
    layers = {}
    for row in found:
        layers.setdefault(row.cohort_quarter, []).append(row)
    colours = shades([start for start in layers if start])
    traces = []
    for start, rows in layers.items():
        name = Text("guests", "游客")
        if start:
            name = Text("first bought in {quarter}", "{quarter}首购").fill(
                quarter=quarter(start)
            )
        traces.append(
            {
                "type": "bar",
                "name": name,
                "x": [row.month_start for row in rows],
                "y": [row.net_amount for row in rows],
                "customdata": [number(row.customers) for row in rows],
                "marker": {
                    "color": colours.get(start, GUEST),
                    "line": {"color": charts.PAPER, "width": 0.5},
                    "pattern": charts.hatched([row.is_complete for row in rows]),
                },
                "hovertemplate": Text(
                    "%{x}, {name}\n%{{y:,.0f}} from %{{customdata}} customers",
                    "%{x}，{name}\n%{{y:,.0f}}，%{{customdata}} 位客户",
                )
                .each(lambda words: words.replace("%{x}", "%{{x}}"))
                .fill(name=name),
            }
        )
    return Chart(
        Text("Revenue by when customers were won", "按首购季度分层的收入"),
        Text(
            "Each layer is the customers of one quarter of the first purchase, in "
            "{currency}: the later its year, the stronger the colour; the oldest lie "
            "at the bottom. A month that is not over is hatched.",
            "每层为同一季度首购的客户，单位 {currency}：年份越近颜色越浓，"
            "最早的在最下。未结束的月份以斜线表示。",
        ).fill(currency=marts.currency),
        traces,
        {
            "barmode": "relative",
            "bargap": 0.12,
            "xaxis": {
                "tickformat": charts.MONTHS,
                "hoverformat": charts.MONTHS,
                "tickangle": 0,
            },
            "yaxis": {"tickformat": ",.0f"},
            "annotations": year_labels(found),
        },
        height=420,
    )


def year_labels(found) -> list[dict]:
    """The year of the first purchase beside its layers in the last whole month."""
    over = [row for row in found if row.is_complete] or found
    last = max(row.month_start for row in over)
    stack = [row for row in found if row.month_start == last and row.net_amount > 0]
    top, ends = 0.0, {}
    for row in stack:
        bottom, top = top, top + float(row.net_amount)
        year = row.cohort_quarter and row.cohort_quarter.year
        ends[year] = (ends.get(year, (bottom, top))[0], top)
    labels = [
        charts.label(
            1,
            (bottom + top) / 2,
            same(year) if year else Text("guests", "游客"),
            xref="paper",
        )
        for year, (bottom, top) in ends.items()
    ]
    return charts.apart(labels, top * 0.06)


def quarters(marts) -> dict:
    """The youngest quarterly cohorts, each with its quarters since."""
    found = marts.some(
        "select cohort_start, period_number, cohort_size, cumulative_ltv, is_mature "
        "from cohort_retention where period_type = 'quarter' "
        "qualify dense_rank() over (order by cohort_start desc) <= ? "
        "order by cohort_start, period_number",
        COHORTS,
    )
    cohorts = {row.cohort_start: [] for row in found}
    for row in found:
        cohorts[row.cohort_start].append(row)
    return cohorts


def ltv_chart(marts, cohorts) -> Chart:
    """Net revenue per customer to date by age, a line for each cohort."""
    traces, labels, colours = [], [], shades(cohorts)
    hover = Text(
        "{name}: {size} customers\n%{{y:,.2f}} each after %{{x}} more quarters",
        "{name}首购：{size} 位客户\n再过 %{{x}} 个季度，人均 %{{y:,.2f}}",
    )
    for start, rows in cohorts.items():
        known = [row for row in rows if row.is_mature]
        if not known:
            continue
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [row.period_number for row in known],
                "y": [row.cumulative_ltv for row in known],
                "line": {"color": colours[start], "width": 2.5},
                "hovertemplate": hover.fill(
                    name=quarter(start), size=number(known[0].cohort_size)
                ),
            }
        )
        end = known[-1]
        labels.append(
            charts.label(
                end.period_number,
                end.cumulative_ltv,
                quarter(start),
                bgcolor=charts.faded(charts.PAPER, 0.75),
            )
        )
    return Chart(
        Text(
            "What a customer has brought in, by quarter of the first purchase",
            "各季度首购客户的人均累计净收入",
        ),
        Text(
            "Read upwards at the same age: a later cohort (stronger colour) above an "
            "older one is worth more. Divided by all customers of the cohort, not by "
            "those who stayed; a line ends where its quarter is not over yet.",
            "在同一时点竖着看：颜色更浓（更新）的线在上，说明新一批客户更值钱。"
            "分母为该批全部首购客户；尚未结束的季度不画。",
        ),
        traces,
        {
            "xaxis": {
                "title": {
                    "text": Text(
                        "quarters since that of the first purchase",
                        "首购季度后的季度数",
                    )
                },
                "dtick": 1,
                "range": [-0.2, max(row["x"] for row in labels) + 0.2],
                "showgrid": False,
                "zeroline": False,
            },
            "yaxis": {"tickformat": ",.0f", "rangemode": "tozero"},
            "annotations": labels,
            "margin": {"r": 80},
        },
    )


def ltv_table(marts, cohorts):
    oldest = max(row.period_number for rows in cohorts.values() for row in rows)
    ages = [age for age in AGES if age <= oldest]
    later = Text("{n} later", "第 {n} 季后")
    lines = []
    for start, rows in cohorts.items():
        worth = {row.period_number: row.cumulative_ltv for row in rows if row.is_mature}
        lines.append(
            (
                quarter(start),
                number(rows[0].cohort_size),
                *(number(worth[age], 2) if age in worth else NOT_YET for age in ages),
            )
        )
    return table(
        Text(
            "Lifetime value to date by cohort, {currency}",
            "各同期群人均累计净收入（{currency}）",
        ).fill(currency=marts.currency),
        [
            Text("first purchase in", "首购季度"),
            Text("customers", "客户数"),
            Text("same quarter", "当季"),
            *(later.fill(n=age) for age in ages[1:]),
        ],
        lines,
        censored_note(marts),
    )


def censored_note(marts) -> Text:
    """Which cohorts may hold customers who bought before the data begin."""
    last = marts.rows(
        "select max(quarter_start) as cohort from fct_customers inner join dim_dates "
        "on first_purchase_date = date_day where is_left_censored"
    )[0].cohort
    if last is None:
        return EMPTY
    return Text(
        "Customers of {quarter} and before may have bought earlier than the data "
        "begin; compare them with care.",
        "{quarter}及以前的客户，可能在数据起始前已购买过，比较时请留意。",
    ).fill(quarter=quarter(last))
