"""How long does it take to the next purchase, and how many never come?"""

from reporting import charts
from reporting.blocks import Chart, Content
from reporting.tables import table
from reporting.words import Text, interval, number, share

TITLE = Text("Repurchase curve", "复购曲线")
QUESTION = Text(
    "How many buy again, and after how long?", "有多少客户会再买？多久之后？"
)
DAYS = 365  # of the curves
STEPS = {  # number of the earlier purchase: name of the next, colour
    1: (Text("2nd", "第 2 次"), charts.ORANGE),
    2: (Text("3rd", "第 3 次"), charts.TEAL),
    3: (Text("4th", "第 4 次"), charts.BLUE),
    4: (Text("5th", "第 5 次"), charts.RED),
}


def section(marts) -> Content:
    curves = {
        step: rows
        for step in STEPS
        if (
            rows := marts.rows(
                "select day, cumulative_repurchase, cumulative_ci_low, "
                "cumulative_ci_high, at_risk, "
                "is_thin_tail, km_p50 from repurchase_curves "
                "left join purchase_gaps using (purchase_number) "
                "where stratum_type = 'all' and purchase_number = ? and day <= ? "
                "order by day",
                step,
                DAYS,
            )
        )
    }
    sequence = marts.some(
        "select * from order_sequence where purchase_number <= ? "
        "order by purchase_number",
        max(STEPS),
        otherwise=Text("No customer has bought yet.", "还没有客户购买。"),
    )
    blocks = [steps_table(marts, sequence)]
    if curves:
        blocks.insert(0, curve_chart(curves))
    return Content(answer(curves, sequence[0]), blocks)


def answer(curves, first) -> Text:
    if first.eligible_customers_180d == 0:
        return Text(
            "No first purchase is 180 days old yet, so nothing can be said.",
            "首购都未满 180 天，暂无结论。",
        )
    words = Text(
        "Of {eligible} customers whose first purchase is 180 days old, {continuing} "
        "({rate}) bought again within them",
        "首购满 180 天的 {eligible} 位客户中，{continuing} 位（{rate}）"
        "在 180 天内再次购买",
    ).fill(
        eligible=number(first.eligible_customers_180d),
        continuing=number(first.continuing_customers_180d),
        rate=share(first.continuation_rate_180d),
    )
    if 1 not in curves or (median := curves[1][0].km_p50) is None:
        return Text("{words}.", "{words}。").fill(words=words)
    return Text(
        "{words}; half of all have done so after {median} days.",
        "{words}；按复购曲线，第 {median} 天时半数客户已复购。",
    ).fill(words=words, median=number(median))


def curve_chart(curves) -> Chart:
    traces, labels = [], []
    for purchase_number, rows in curves.items():
        name, colour = STEPS[purchase_number]
        solid = [row for row in rows if not row.is_thin_tail]
        traces += charts.band(
            [row.day for row in solid],
            [row.cumulative_ci_low for row in solid],
            [row.cumulative_ci_high for row in solid],
            colour,
        )
        hover = Text(
            "{name} purchase by day %{{x}}: %{{y:.1%}}\n"
            "%{{customdata:,}} still waiting",
            "{name}购买，第 %{{x}} 天：%{{y:.1%}}\n仍在观察 %{{customdata:,}} 人",
        ).fill(name=name)
        line = {"type": "scatter", "mode": "lines", "hovertemplate": hover}
        thin = rows[max(len(solid) - 1, 0) :]
        for part, dash in [(solid, "solid"), (thin, "dot")]:
            if len(part) > 1:
                traces.append(
                    line
                    | {
                        "x": [row.day for row in part],
                        "y": [row.cumulative_repurchase for row in part],
                        "customdata": [row.at_risk for row in part],
                        "line": {"color": colour, "shape": "hv", "dash": dash},
                    }
                )
        end = rows[-1]
        label = Text("{name} {rate}", "{name} {rate}").fill(
            name=name, rate=share(end.cumulative_repurchase, 0)
        )
        labels.append(charts.label(end.day, end.cumulative_repurchase, label, colour))
    return Chart(
        Text("Share that has bought again", "已再次购买的客户占比"),
        Text(
            "One line for each next purchase, by days since the one before "
            "(Kaplan-Meier: customers still waiting count as long as they were "
            "watched). The band is the 95 % interval, dots mean fewer than 30 "
            "customers left.",
            "每条线是下一次购买，横轴为距上次购买的天数（Kaplan-Meier：尚未复购的客户"
            "只计到观察结束）。色带为 95% 置信区间，点线表示剩余不足 30 人。",
        ),
        traces,
        {
            "xaxis": {
                "title": {
                    "text": Text("days since the purchase before", "距上次购买的天数")
                },
                "dtick": 60,
                "range": [0, DAYS],
            },
            "yaxis": charts.SHARES,
            "margin": {"r": 90},
            "annotations": charts.apart(labels, 0.05),
        },
        height=400,
    )


def steps_table(marts, sequence):
    return table(
        Text("From one purchase to the next", "逐次复购"),
        [
            Text("purchase", "第几次购买"),
            Text("customers", "到达客户数"),
            Text("bought again so far", "至今再购"),
            Text("180 days over", "满 180 天"),
            Text("bought again in 180 days", "180 天内再购"),
            Text("rate", "180 天再购率"),
            Text("95 % interval", "95% 置信区间"),
            Text("median days to the next, so far", "间隔中位数（天，已发生）"),
            Text("average order value, {currency}", "客单价（{currency}）").fill(
                currency=marts.currency
            ),
        ],
        [
            (
                number(row.purchase_number),
                number(row.customers_reaching),
                number(row.customers_continuing),
                number(row.eligible_customers_180d),
                number(row.continuing_customers_180d),
                share(row.continuation_rate_180d),
                interval(row.continuation_180d_ci_low, row.continuation_180d_ci_high),
                number(row.median_gap_days),
                number(row.average_order_value, 2),
            )
            for row in sequence
        ],
        Text(
            "The median counts only gaps that are closed; those who wait longest are "
            "not in it, so it is short.",
            "间隔中位数只含已发生的间隔，未再购的客户不在内，因此偏短。",
        ),
    )
