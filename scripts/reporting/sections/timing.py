"""When do customers come back, and who is overdue?"""

from reporting import charts
from reporting.blocks import Chart, Content
from reporting.charts import BLUE, GREY, RED, TEAL, YELLOW
from reporting.tables import table
from reporting.words import Text, number

TITLE = Text("When they come back", "复购时机")
QUESTION = Text(
    "When do customers come back, and who is overdue?",
    "客户隔多久再买？有多少人已逾期？",
)
STEPS = 6  # purchase numbers shown
WEEKS = 26  # of the cycles shown; longer ones stand in the last bar
DUE_SOON = 30  # days

METHODS = [  # columns, name, colour, place beside the middle of the row
    (
        ("p25", "p50", "p75"),
        Text("gaps that have closed", "已发生的间隔"),
        GREY,
        -0.15,
    ),
    (
        ("km_p25", "km_p50", "km_p75"),
        Text("all purchases (Kaplan-Meier)", "全部购买（Kaplan-Meier）"),
        BLUE,
        0.15,
    ),
]
LATE = [  # the bar of a customer by overdue_ratio
    (Text("not due yet", "未到期"), BLUE),
    (Text("1–1.5 cycles", "1～1.5 个周期"), TEAL),
    (Text("1.5–2 cycles", "1.5～2 个周期"), YELLOW),
    (Text("2–3 cycles", "2～3 个周期"), RED),
    (Text("over 3 cycles", "超过 3 个周期"), GREY),
]
NEVER = Text("not reached", "未达到")


def section(marts) -> Content:
    gaps = marts.some(
        "select * from purchase_gaps "
        "where purchase_number is null or purchase_number <= ? "
        "order by purchase_number nulls first",
        STEPS,
        otherwise=Text("No customer has bought yet.", "还没有客户购买。"),
    )
    blocks = [gaps_table(gaps)]
    if gaps[0].gaps:
        blocks.insert(0, gaps_chart(gaps))
    cycles = marts.rows(
        "select least(floor(cycle_days / 7), ?) as week, count(*) as customers "
        "from purchase_cycles where cycle_days is not null group by all order by all",
        WEEKS,
    )
    if cycles:
        blocks.append(cycle_chart(cycles))
        blocks.append(overdue_chart(marts))
    return Content(answer(gaps[0]), blocks)


def answer(every) -> Text:
    if every.p50 is None:
        return Text("Nobody has come back yet.", "还没有客户复购。")
    known = Text(
        "Half of the gaps that have closed took {gap_p50} days or less",
        "已发生的购买间隔，半数在 {gap_p50} 天以内",
    ).fill(gap_p50=number(every.p50))
    if every.km_p50 is None:
        return Text(
            "{known}, but less than half of all purchases have been followed by "
            "another: a reminder after that many days comes too early.",
            "{known}；但全部购买中再次购买的不到一半，按这个天数提醒偏早。",
        ).fill(known=known)
    return Text(
        "{known}, but with the customers who are still away it takes {km_p50} days "
        "until half of all purchases are followed by another: a reminder timed by "
        "closed gaps comes too early.",
        "{known}；计入尚未再购的客户，要到第 {km_p50} 天才有半数再次购买，"
        "按前者提醒偏早。",
    ).fill(known=known, km_p50=number(every.km_p50))


def after(row) -> Text:
    if row.purchase_number is None:
        return Text("after any purchase", "任意一次购买后")
    return Text("after purchase {n}", "第 {n} 次购买后").fill(n=row.purchase_number)


def gaps_chart(gaps) -> Chart:
    """Quartiles of the days to the next purchase, by both methods."""
    places = range(len(gaps))
    known = [getattr(row, name) for row in gaps for name in ("p75", "km_p50", "km_p75")]
    edge = 1.05 * max(value for value in known if value is not None)
    traces = []
    for columns, name, colour, beside in METHODS:
        quartiles = [[getattr(row, column) for column in columns] for row in gaps]
        spans = [
            (place + beside, low, edge if high is None else high)
            for place, (low, _, high) in zip(places, quartiles, strict=True)
            if low is not None
        ]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": [x for _, low, high in spans for x in (low, high, None)],
                "y": [y for y, _, _ in spans for y in (y, y, None)],
                "line": {"color": charts.faded(colour, 0.45), "width": 7},
                "hoverinfo": "skip",
                "showlegend": False,
            }
        )
        traces.append(
            {
                "type": "scatter",
                "mode": "markers+text",
                "name": name,
                "x": [half for _, half, _ in quartiles],
                "y": [place + beside for place in places],
                "text": [number(half) for _, half, _ in quartiles],
                "textposition": "top center" if beside < 0 else "bottom center",
                "textfont": {"color": colour},
                "marker": {"color": colour, "size": 11},
                "customdata": [
                    [NEVER if value is None else number(value) for value in row]
                    for row in quartiles
                ],
                "hovertemplate": Text(
                    "{name}\na quarter: %{{customdata[0]}} days\n"
                    "half: %{{customdata[1]}}\nthree quarters: %{{customdata[2]}}",
                    "{name}\n四分之一：%{{customdata[0]}} 天\n"
                    "一半：%{{customdata[1]}}\n四分之三：%{{customdata[2]}}",
                ).fill(name=name),
            }
        )
    return Chart(
        Text("Days until the next purchase", "距下次购买的天数"),
        Text(
            "The dot is the day by which half have bought again, the bar reaches from "
            "a quarter to three quarters; a bar up to the edge: three quarters were "
            "not reached. Closed gaps leave out whoever has not come back, so they "
            "look short.",
            "圆点为半数再次购买的天数，横条从四分之一到四分之三；"
            "横条到边表示四分之三尚未达到。已发生的间隔不含未再购的客户，因此偏短。",
        ),
        traces,
        {
            "showlegend": True,
            "xaxis": {
                "title": {"text": Text("days", "天")},
                "range": [0, edge],
            },
            "yaxis": {
                "tickvals": list(places),
                "ticktext": [after(row) for row in gaps],
                "range": [len(gaps) - 0.4, -0.6],
                "showgrid": False,
                "zeroline": False,
            },
            "margin": {"r": 12},
        },
        height=100 + 70 * len(gaps),
    )


def gaps_table(gaps):
    def days(value):
        return NEVER if value is None else number(value)

    return table(
        Text("The gaps in numbers", "间隔明细"),
        [
            Text("gap", "间隔"),
            Text("closed gaps", "已发生"),
            Text("still open", "未发生"),
            *(
                Text(f"closed: P{part}", f"已发生 P{part}")
                for part in (10, 25, 50, 75, 90)
            ),
            *(Text(f"all: P{part}", f"全部 P{part}") for part in (25, 50, 75)),
        ],
        [
            (
                after(row),
                number(row.gaps),
                number(row.open_gaps),
                *map(number, (row.p10, row.p25, row.p50, row.p75, row.p90)),
                *map(days, (row.km_p25, row.km_p50, row.km_p75)),
            )
            for row in gaps
        ],
        Text(
            "In days. Closed: gaps that have closed; all: with those still open, by "
            "Kaplan-Meier. Not reached: so many have not been seen to buy again.",
            "单位：天。已发生：只含已再次购买的间隔；全部：计入未发生的间隔"
            "（Kaplan-Meier）。未达到：尚未观察到这么大比例的客户再次购买。",
        ),
    )


def cycle_chart(cycles) -> Chart:
    """Customers by the length of their own cycle, in weeks."""
    weeks = [int(row.week) for row in cycles]
    most = max(cycles, key=lambda row: row.customers)
    names = [
        Text("{n} weeks or more", "{n} 周及以上").fill(n=WEEKS)
        if week == WEEKS
        else Text("{n} to {m} weeks", "{n}～{m} 周").fill(n=week, m=week + 1)
        for week in weeks
    ]
    return Chart(
        Text("The customers' own cycle", "客户自身的购买周期"),
        Text(
            "{with_cycle} customers have bought often enough (three purchase days) to "
            "have a cycle of their own; most often it is {cycle} ({cycle_customers} "
            "customers).",
            "{with_cycle} 位客户有 3 个以上购买日，可算出自身周期；"
            "最常见的是 {cycle}（{cycle_customers} 人）。",
        ).fill(
            with_cycle=number(sum(row.customers for row in cycles)),
            cycle=names[cycles.index(most)],
            cycle_customers=number(most.customers),
        ),
        [
            {
                "type": "bar",
                "x": [week + 0.5 for week in weeks],
                "y": [row.customers for row in cycles],
                "width": 0.92,
                "customdata": names,
                "marker": {"color": BLUE},
                "hovertemplate": Text(
                    "%{customdata}: %{y:,} customers", "%{customdata}：%{y:,} 人"
                ),
            }
        ],
        {
            "xaxis": {
                "title": {
                    "text": Text(
                        f"weeks ({WEEKS} and more in the last bar)",
                        f"周（末柱为 {WEEKS} 周及以上）",
                    )
                },
                "dtick": 4,
                "tick0": 0,
                "showgrid": False,
                "rangemode": "tozero",
            },
            "yaxis": {"tickformat": ",.0f"},
            "margin": {"r": 12},
        },
        height=260,
    )


def overdue_chart(marts) -> Chart:
    """Customers with a cycle, by how many of their cycles they have been away."""
    found = marts.rows(
        "select case when overdue_ratio <= 1 then 0 when overdue_ratio <= 1.5 then 1 "
        "when overdue_ratio <= 2 then 2 when overdue_ratio <= 3 then 3 else 4 end "
        "as late, count(*) as customers, sum(net_amount) as net_amount "
        "from purchase_cycles inner join fct_customers using (customer_key) "
        "where overdue_ratio is not null group by all order by all"
    )
    counts = marts.rows(
        "select count(*) filter (where overdue_ratio > 1) as overdue, "
        "count(*) filter (where overdue_ratio is null) as without_cycle, "
        "count(*) filter (where expected_next_purchase_date "
        "between as_of_date + 1 and as_of_date + ?) as due from purchase_cycles",
        DUE_SOON,
    )[0]
    return Chart(
        Text("How far overdue", "逾期程度"),
        Text(
            "{overdue} customers have been away longer than their own cycle, and "
            f"{{due}} are due in the next {DUE_SOON} days. Beside the bar: customers "
            "and the net revenue they have brought in so far. {without_cycle} more "
            "have no cycle yet; over three cycles counts as churned.",
            "{overdue} 位客户未购时间已超过自身周期，"
            f"另有 {{due}} 位预计在未来 {DUE_SOON} 天内购买。"
            "条形旁为客户数与其至今净收入；超过 3 个周期视为流失；"
            "其余 {without_cycle} 位尚无周期。",
        ).fill(
            overdue=number(counts.overdue),
            due=number(counts.due),
            without_cycle=number(counts.without_cycle),
        ),
        *charts.customer_bars(
            [LATE[row.late][0] for row in found],
            found,
            [LATE[row.late][1] for row in found],
            marts.currency,
        ),
        height=300,
    )
