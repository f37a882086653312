"""Are more customers won than lost?"""

from reporting import charts
from reporting.blocks import Chart, Content
from reporting.charts import STATES
from reporting.tables import table
from reporting.words import (
    NOT_YET,
    Text,
    interval,
    month,
    number,
    share,
)

TITLE = Text("Life cycle", "生命周期")
QUESTION = Text(
    "Are more customers won than lost?",
    "新客加回流，能否补上流失？",
)
MONTHS = 36  # of the chart, the latest
LINES = 12  # of the table
UNPROVEN = 5  # columns of the churn table before any false alarm is known

RULES = {  # of each state, by the limits in use
    "new": Text("first purchase in {active} days", "{active} 天内首购"),
    "active": Text("bought in {active} days", "{active} 天内购买"),
    "reactivated": Text("back after over {lapse} days", "隔 {lapse} 天以上再购"),
    "at_risk": Text("silent over {active} days", "超过 {active} 天未购"),
    "lapsed": Text("silent over {lapse} days", "超过 {lapse} 天未购"),
    "lost": Text("silent over {lost} days", "超过 {lost} 天未购"),
}
FLOWS = [  # column of growth_accounting, name, colour, in the order of the stack
    ("retained", Text("retained", "留存"), STATES["active"]),
    ("reactivated", Text("back after a pause", "回流"), STATES["reactivated"]),
    ("new", Text("new", "新客"), STATES["new"]),
    ("churned", Text("churned", "流失（未再购）"), STATES["lapsed"]),
]


def section(marts) -> Content:
    months = marts.some(
        "select * from growth_accounting where period_type = 'month' "
        "order by period_start",
        otherwise=Text("No customer has bought yet.", "还没有客户购买。"),
    )
    limits = {
        row.limit_name: row for row in marts.some("select * from lifecycle_limits")
    }
    blocks = [
        stock_chart(marts, limits),
        flow_chart(months[-MONTHS:]),
        flow_table(marts, months[: -LINES - 1 : -1]),
    ]
    churn = churn_rates(marts)
    if churn:
        blocks.append(churn_table(churn, limits))
    return Content(answer(months), blocks)


def answer(months) -> Text:
    over = [row for row in months if row.is_complete]
    if not over:
        return Text("No month is over yet.", "还没有完整的月份。")
    last = over[-1]
    trend, trend_zh = "as many as", "与上月持平"
    if last.new + last.reactivated > last.churned:
        trend, trend_zh = "more than", "多于上月"
    if last.new + last.reactivated < last.churned:
        trend, trend_zh = "fewer than", "少于上月"
    return Text(
        "In {flow_month}, {flow_new} customers were new and {flow_reactivated} came "
        "back after a pause, while {flow_churned} buyers of the month before did not "
        f"buy again: {{flow_active}} buyers, {trend} the month before.",
        "{flow_month}新客 {flow_new} 人，回流 {flow_reactivated} 人，"
        "上月买过而本月未买的 {flow_churned} 人："
        f"本月购买客户 {{flow_active}} 人，{trend_zh}。",
    ).fill(
        flow_month=month(last.period_start),
        flow_new=number(last.new),
        flow_reactivated=number(last.reactivated),
        flow_churned=number(last.churned),
        flow_active=number(last.active),
    )


def stock_chart(marts, limits) -> Chart:
    """Customers by state at the as-of date, with what they have brought in."""
    found = marts.some(
        "select lifecycle_state, lifecycle_state_zh, count(*) as customers, "
        "sum(net_amount) as net_amount "
        "from customer_lifecycle inner join fct_customers using (customer_key) "
        "group by all order by all"
    )
    by_state = {row.lifecycle_state: row for row in found}
    rows = [by_state[state] for state in STATES if state in by_state]
    days = {name: row.days_in_use for name, row in limits.items()}
    most = max(rows, key=lambda row: row.customers)
    finding = Text(
        "Most are {state}: {state_customers} customers. Beside the bar: customers and "
        "the net revenue they have brought in so far.",
        "人数最多的是{state}客户：{state_customers} 人。条形旁为客户数与其至今净收入。",
    ).fill(state=state_name(most), state_customers=number(most.customers))
    lapse = limits["lapse"]
    if lapse.return_probability_365d is not None:
        finding = Text(
            "{finding} After {lapse_days} days of silence {lapse_return} still buy "
            "within a year (Kaplan-Meier).",
            "{finding}沉默满 {lapse_days} 天后，仍有 {lapse_return} 在一年内再购"
            "（Kaplan-Meier 估计）。",
        ).fill(
            finding=finding,
            lapse_days=number(lapse.days_in_use),
            lapse_return=share(lapse.return_probability_365d),
        )
    return Chart(
        Text("Customers by state", "各状态客户数"),
        finding,
        *charts.customer_bars(
            [
                Text("{state}\n{rule}", "{state}\n{rule}").fill(
                    state=state_name(row), rule=RULES[row.lifecycle_state].fill(**days)
                )
                for row in rows
            ],
            rows,
            [STATES[row.lifecycle_state] for row in rows],
            marts.currency,
        ),
        height=340,
    )


def state_name(row) -> Text:
    return Text(row.lifecycle_state.replace("_", " "), row.lifecycle_state_zh)


def flow_chart(months) -> Chart:
    """Growth accounting by month: who came above the line, who did not below."""
    starts = [row.period_start for row in months]
    traces = []
    for column, name, colour in FLOWS:
        counts = [getattr(row, column) for row in months]
        below = column == "churned"
        traces.append(
            {
                "type": "bar",
                "name": name,
                "x": starts,
                "y": [-count if below and count else count for count in counts],
                "customdata": counts,
                "marker": {
                    "color": colour,
                    "pattern": charts.hatched([row.is_complete for row in months]),
                },
                "hovertemplate": Text(
                    "{name}: %{{customdata:,}}", "{name}：%{{customdata:,}}"
                ).fill(name=name),
            }
        )
    return Chart(
        Text("Buyers won and lost by month", "每月客户增减"),
        Text(
            "Above the line the month's buyers; below it the churned, who bought in "
            "the month before and not in this one. If they buy later they are back "
            "after a pause. A month that is not over is hatched.",
            "线上为当月购买客户；线下为流失（未再购），即上月买过而当月未买，"
            "以后再买计为回流。未结束的月份以斜线表示。",
        ),
        traces,
        charts.STACKED_MONTHS,
    )


def flow_table(marts, months):
    """The latest months, the newest first."""
    return table(
        Text("Growth accounting, the latest months", "近几个月的客户增减"),
        [
            Text("month", "月份"),
            Text("buyers", "购买客户"),
            Text("new", "新客"),
            Text("back after a pause", "回流"),
            Text("retained", "留存"),
            Text("churned", "流失（未再购）"),
            Text("quick ratio", "增减比"),
            Text("revenue, {currency}", "净收入（{currency}）").fill(
                currency=marts.currency
            ),
            Text("of it, from new", "其中新客"),
            Text("from those back", "其中回流"),
            Text("spent before by churned", "流失客户上月净收入"),
        ],
        [
            (
                month(row.period_start),
                number(row.active),
                number(row.new),
                number(row.reactivated),
                number(row.retained),
                number(row.churned) if row.is_complete else NOT_YET,
                number(row.quick_ratio, 2) if row.is_complete else NOT_YET,
                number(row.revenue),
                number(row.new_revenue),
                number(row.reactivated_revenue),
                number(row.churned_revenue) if row.is_complete else NOT_YET,
            )
            for row in months
        ],
        Text(
            "Quick ratio: (new + back) / churned; above 1 the buyers become more.",
            "增减比（quick ratio）=（新客 + 回流）÷ 流失，大于 1 表示购买客户在增加。",
        ),
    )


def churn_rates(marts) -> list:
    """The newest month of each definition, and the newest whose false alarms show."""
    return marts.rows(
        "select newest.*, proven.month_start as proven_month, "
        "proven.churned as proven_churned, "
        "proven.came_back_within_365d as proven_came_back, "
        "proven.false_alarm_rate as proven_rate, "
        "proven.false_alarm_ci_low as proven_low, "
        "proven.false_alarm_ci_high as proven_high "
        "from churn_rates as newest left join ("
        "    select * from churn_rates "
        "    where is_mature and false_alarm_rate is not null "
        "    qualify month_start = max(month_start) over (partition by definition)"
        ") as proven using (definition) "
        "where newest.month_start = (select max(month_start) from churn_rates) "
        "order by definition desc"
    )


def churn_table(rows, limits):
    days = {
        "lapse": limits["lapse"].days_in_use,
        "suggested": limits["lapse"].suggested_days,
    }
    names = {
        "fixed": Text("silent over {lapse} days", "超过 {lapse} 天未购"),
        "suggested": Text(
            "silent over {suggested} days (suggested)",
            "超过 {suggested} 天未购（建议值）",
        ),
        "cycle": Text("silent over three own cycles", "超过自身周期 3 倍未购"),
    }
    head = [
        Text("definition", "判定方式"),
        Text("customers before", "月初未流失客户"),
        Text("lost", "流失"),
        Text("churn rate", "流失率"),
        Text("95 % interval", "95% 置信区间"),
        Text("judged by", "误判检验月份"),
        Text("lost then", "该月流失"),
        Text("back within a year", "一年内回购"),
        Text("false alarms", "误判率"),
        Text("interval of that", "误判率 95% 置信区间"),
    ]
    lines = [
        (
            names[row.definition].fill(**days),
            number(row.customers_at_start),
            number(row.churned),
            share(row.churn_rate),
            interval(row.churn_ci_low, row.churn_ci_high),
            month(row.proven_month) if row.proven_month else NOT_YET,
            number(row.proven_churned),
            number(row.proven_came_back),
            share(row.proven_rate),
            interval(row.proven_low, row.proven_high),
        )
        for row in rows
    ]
    shown = len(head) if any(row.proven_month for row in rows) else UNPROVEN
    return table(
        Text("Lost customers, and how often that was wrong", "流失判定与误判"),
        head[:shown],
        [line[:shown] for line in lines],
        Text(
            "Lost in {churn_month}. A shop without contracts never sees a customer "
            "leave; it judges by silence. How many were false alarms is known a year "
            "later, so that comes from the newest month whose 365 days are over.",
            "流失为 {churn_month}。客户不会告知离开，只能按沉默时长判定；"
            "误判要一年后才知道，因此取自最近一个满 365 天的月份。",
        ).fill(churn_month=month(rows[0].month_start)),
    )
