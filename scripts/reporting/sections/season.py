"""When in the year, the week and the day do people buy?"""

from reporting import charts
from reporting.blocks import Chart, Content, Note
from reporting.charts import BLUE
from reporting.tables import table
from reporting.words import Text, month_name, number, weekday_name

TITLE = Text("Season and hour", "季节与时段")
QUESTION = Text(
    "When in the year, the week and the day do people buy?",
    "一年、一周、一天中，何时买得多？",
)
HOLIDAYS = {  # Chinese names of those in the rules that ship
    "Spring Festival": "春节",
    "618": "618",
    "Double 11": "双 11",
    "Black Friday": "黑色星期五",
    "Christmas": "圣诞节",
}
FEW = 2  # cycles below which a bar is pale


def section(marts) -> Content:
    found = marts.some(
        'select period_type, period, period_name, "index", net_amount_index, orders, '
        "net_amount, cycles_used from seasonality order by period_type, period"
    )
    hours = marts.rows(
        'select weekday, hour, orders, "index", orders_without_time '
        "from purchase_times order by weekday, hour"
    )
    months, weekdays, holidays = (
        [row for row in found if row.period_type == kind and row.index is not None]
        for kind in ("month", "weekday", "holiday")
    )
    blocks = [
        month_chart(months)
        if months
        else Note(
            Text(
                "The year's season is not known yet: it takes 24 whole months.",
                "满 24 个完整月份后才能看全年季节性。",
            )
        )
    ]
    if holidays:
        blocks.append(holiday_table(marts, holidays))
    if weekdays:
        blocks.append(weekday_chart(weekdays))
    known = [row for row in hours if row.index is not None]
    if known:
        blocks.append(hour_chart(hours))
    else:
        blocks.append(
            Note(
                Text(
                    "The shop gives no time of day with its orders.",
                    "订单没有下单时刻，无法按小时统计。",
                )
            )
        )
    return Content(answer(months, weekdays, known), blocks)


def best(rows):
    return max(rows, key=lambda row: row.index)


def answer(months, weekdays, hours) -> Text:
    clauses = []
    if months:
        top = best(months)
        clauses.append(
            Text(
                "{best_month} has {month_index} times the orders of a usual month",
                "{best_month}订单最多，是平常月份的 {month_index} 倍",
            ).fill(
                best_month=month_name(top.period, full=True),
                month_index=number(top.index, 2),
            )
        )
    if weekdays:
        top = best(weekdays)
        clauses.append(
            Text(
                "{best_weekday} has {weekday_index} times the orders of a usual day",
                "一周中{best_weekday}最多，是平常日子的 {weekday_index} 倍",
            ).fill(
                best_weekday=weekday_name(top.period, full=True),
                weekday_index=number(top.index, 2),
            )
        )
    if hours:
        top = best(hours)
        clauses.append(
            Text(
                "{busy_weekday} from {busy_hour}:00 is the busiest hour",
                "最忙的一小时是{busy_weekday} {busy_hour} 点",
            ).fill(
                busy_weekday=weekday_name(top.weekday, full=True),
                busy_hour=number(top.hour),
            )
        )
    if not clauses:
        return Text("It is too early to tell.", "数据还太少，暂无结论。")
    words = clauses[0]
    for clause in clauses[1:]:
        words = Text("{words}; {clause}", "{words}；{clause}").fill(
            words=words, clause=clause
        )
    return Text("{words}.", "{words}。").fill(words=words)


def index_chart(title: Text, finding: Text, rows, name) -> Chart:
    """Orders against usual, a bar for each period; pale where seldom compared."""
    return Chart(
        title,
        finding,
        [
            {
                "type": "bar",
                "x": [row.period for row in rows],
                "y": [row.index for row in rows],
                "customdata": [
                    [name(row.period), number(row.orders), number(row.cycles_used)]
                    for row in rows
                ],
                "marker": {
                    "color": [
                        BLUE if row.cycles_used >= FEW else charts.faded(BLUE, 0.45)
                        for row in rows
                    ]
                },
                "hovertemplate": Text(
                    "%{customdata[0]}: %{y:.2f} times usual\n"
                    "%{customdata[1]} orders; compared %{customdata[2]} times",
                    "%{customdata[0]}：平常的 %{y:.2f} 倍\n"
                    "%{customdata[1]} 笔订单；可比 %{customdata[2]} 次",
                ),
            }
        ],
        {
            "xaxis": {
                "tickvals": [row.period for row in rows],
                "ticktext": [
                    Text("{name}\n{index}", "{name}\n{index}").fill(
                        name=name(row.period), index=number(row.index, 2)
                    )
                    for row in rows
                ],
                "tickangle": 0,
                "showgrid": False,
            },
            "yaxis": {
                "showticklabels": False,
                "showgrid": False,
                "rangemode": "tozero",
            },
            "shapes": [
                {
                    "type": "line",
                    "xref": "paper",
                    "x0": 0,
                    "x1": 1,
                    "y0": 1,
                    "y1": 1,
                    "line": {"color": charts.INK, "width": 1, "dash": "dot"},
                }
            ],
            "annotations": [
                charts.label(1, 1, Text("usual", "平常"), xref="paper", xshift=2)
            ],
        },
        height=240,
    )


def month_chart(months) -> Chart:
    return index_chart(
        Text("Months against usual", "各月与平常相比"),
        Text(
            "Orders of the month against the 12 months around it, so that growth is "
            "not mistaken for season. Pale: one year to compare with, not two.",
            "当月订单与其前后共 12 个月相比，不受增长影响。浅色：只有一年可比。",
        ),
        months,
        month_name,
    )


def weekday_chart(weekdays) -> Chart:
    return index_chart(
        Text("Weekdays against usual", "各星期几与平常相比"),
        Text(
            "Orders of the day against the 7 days around it.",
            "当日订单与其前后共 7 天相比。",
        ),
        weekdays,
        weekday_name,
    )


def holiday_table(marts, holidays):
    return table(
        Text("Holidays and shopping festivals", "节日与大促"),
        [
            Text("holiday", "节日"),
            Text("orders against usual", "订单（倍）"),
            Text("revenue against usual", "净收入（倍）"),
            Text("times compared", "可比次数"),
            Text("orders", "订单数"),
            Text("net revenue, {currency}", "净收入（{currency}）").fill(
                currency=marts.currency
            ),
        ],
        [
            (
                Text(row.period_name, HOLIDAYS.get(row.period_name, row.period_name)),
                number(row.index, 2),
                number(row.net_amount_index, 2),
                number(row.cycles_used),
                number(row.orders),
                number(row.net_amount),
            )
            for row in holidays
        ],
        Text(
            "Per day, against the days around the holiday; 1 is as usual.",
            "按天计，与节日前后的日子相比；1 为平常。",
        ),
    )


def hour_chart(hours) -> Chart:
    """The weekday x hour grid: orders against those of a usual hour."""
    at = {(row.weekday, row.hour): row for row in hours}
    weekdays, clock = range(1, 8), range(24)

    def each(show):
        return [[show(at[day, hour]) for hour in clock] for day in weekdays]

    known = [row for row in hours if row.index is not None]
    top = best(known)
    hover = Text(
        "{weekday} {hour}:00\n{orders} orders\n{index} times a usual hour",
        "{weekday} {hour} 点\n{orders} 笔订单\n平常的 {index} 倍",
    )
    finding = Text(
        "The stronger the colour, the more orders: {busy_orders} in the busiest hour, "
        "{busy_index} times a usual one, by the shop's own clock.",
        "颜色越浓订单越多：最忙的一小时共 {busy_orders} 笔，"
        "是平常的 {busy_index} 倍（店铺当地时间）。",
    ).fill(busy_orders=number(top.orders), busy_index=number(top.index, 2))
    if hours[0].orders_without_time:
        finding = Text(
            "{finding} {without_time} orders without a time of day are left out.",
            "{finding}另有 {without_time} 笔订单没有下单时刻，未计入。",
        ).fill(finding=finding, without_time=number(hours[0].orders_without_time))
    return Chart(
        Text("Orders by weekday and hour", "星期 × 小时订单分布"),
        finding,
        [
            {
                "type": "heatmap",
                "x": list(clock),
                "y": list(weekdays),
                "z": each(lambda row: row.index),
                "zmin": 0,
                "colorscale": charts.SEQUENCE,
                "colorbar": {
                    "title": {
                        "text": Text("times usual", "倍"),
                        "side": "right",
                        "font": {"size": 12},
                    },
                    "thickness": 10,
                    "outlinewidth": 0,
                },
                "xgap": 2,
                "ygap": 2,
                "hovertext": each(
                    lambda row: hover.fill(
                        weekday=weekday_name(row.weekday),
                        hour=row.hour,
                        orders=number(row.orders),
                        index=number(row.index, 2),
                    )
                ),
                "hovertemplate": "%{hovertext}",
            }
        ],
        {
            "xaxis": {
                "title": {"text": Text("hour", "小时")},
                "dtick": 3,
                "showgrid": False,
                "zeroline": False,
            },
            "yaxis": {
                "tickvals": list(weekdays),
                "ticktext": [weekday_name(day) for day in weekdays],
                "autorange": "reversed",
                "showgrid": False,
            },
            "margin": {"r": 0},
        },
        height=300,
    )
