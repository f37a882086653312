"""How is the shop doing?"""

from datetime import timedelta

from reporting import charts
from reporting.blocks import Chart, Content, Tile, Tiles
from reporting.charts import GUEST, NEW, RETURNING
from reporting.tables import table
from reporting.words import (
    Text,
    compact_money,
    interval,
    money,
    month,
    number,
    share,
)

TITLE = Text("Overview", "总览")
QUESTION = Text("How is the shop doing?", "店铺经营得怎么样？")
YEAR = 365  # days that are compared with as many before them

NEW_CUSTOMERS = Text("new customers", "新客")
RETURNING_CUSTOMERS = Text("returning customers", "老客")
GUESTS = Text("guests", "游客")


def section(marts) -> Content:
    total = marts.some(
        "select coalesce(sum(orders), 0) as orders, "
        "coalesce(sum(net_amount_by_order_date), 0) as revenue, "
        "coalesce(sum(new_customers), 0) as customers from calendar_revenue "
        "having sum(orders) > 0",
        otherwise=Text("No order has been accepted yet.", "还没有有效订单。"),
    )[0]
    rate = marts.rows(
        "select repurchase_rate, repurchasers, eligible_customers, ci_low, ci_high "
        "from repurchase_rates where cohort_start is null and window_days = 90"
    )
    last, before = year_ending(marts, 0), year_ending(marts, YEAR)
    return Content(
        answer(marts, total, last, before),
        [
            tiles(marts, total, rate[0] if rate else None),
            revenue_chart(marts),
            comparison(marts, last, before),
            returning_chart(marts),
        ],
    )


def year_ending(marts, days_ago: int):
    """Sums of 365 days; None where the calendar does not hold them all."""
    found = marts.rows(
        "select count(*) as days, sum(orders) as orders, "
        "sum(net_amount_by_order_date) as revenue, "
        "sum(new_customers) as new_customers, "
        "sum(new_customer_net_amount) as new_revenue, "
        "sum(returning_customer_net_amount) as returning_revenue, "
        "sum(guest_net_amount) as guest_revenue "
        "from calendar_revenue where date_day > ? and date_day <= ?",
        marts.as_of - timedelta(days=days_ago + YEAR),
        marts.as_of - timedelta(days=days_ago),
    )[0]
    return found if found.days == YEAR else None


def answer(marts, total, last, before) -> Text:
    if last and before:
        rose = last.revenue > before.revenue
        verb, verb_zh = ("more", "高于") if rose else ("less", "低于")
        if last.revenue == before.revenue:
            verb, verb_zh = "the same", "等于"
        return Text(
            f"The last {YEAR} days brought in {{revenue_365d}}, {verb} "
            + ("as" if verb == "the same" else "than")
            + f" the {YEAR} days before ({{revenue_365d_before}}).",
            f"最近 {YEAR} 天净收入 {{revenue_365d}}，{verb_zh}此前 {YEAR} 天的 "
            "{revenue_365d_before}。",
        ).fill(
            revenue_365d=money(last.revenue, marts.currency),
            revenue_365d_before=money(before.revenue, marts.currency),
        )
    return Text(
        "{orders} orders brought in {revenue}; two years of orders are needed to "
        "compare with the year before.",
        "{orders} 笔订单，净收入 {revenue}；满两年的订单才能做同比。",
    ).fill(orders=number(total.orders), revenue=money(total.revenue, marts.currency))


def tiles(marts, total, rate) -> Tiles:
    shown = [
        Tile(
            "revenue",
            Text("net revenue", "净收入"),
            compact_money(total.revenue, marts.currency),
            Text("{exact}, all refunds taken off", "{exact}，已扣全部退款").fill(
                exact=money(total.revenue, marts.currency)
            ),
        ),
        Tile(
            "orders",
            Text("orders", "订单数"),
            number(total.orders),
            Text("valid ones, guests' too", "有效订单，含游客"),
        ),
        Tile(
            "customers",
            Text("customers", "客户数"),
            number(total.customers),
            Text("with a purchase", "有购买的客户"),
        ),
    ]
    if rate and rate.repurchase_rate is not None:
        shown.append(
            Tile(
                "repurchase_rate_90d",
                Text("90-day repurchase", "90 日复购率"),
                share(rate.repurchase_rate),
                Text(
                    "{repurchasers} of {eligible} whose 90 days are over; "
                    "95 % interval {interval}",
                    "满 90 天的 {eligible} 人中 {repurchasers} 人；"
                    "95% 置信区间 {interval}",
                ).fill(
                    repurchasers=number(rate.repurchasers),
                    eligible=number(rate.eligible_customers),
                    interval=interval(rate.ci_low, rate.ci_high),
                ),
            )
        )
    return Tiles(shown)


def revenue_chart(marts) -> Chart:
    """Net revenue by month and kind of buyer, with the same month of last year."""
    months = marts.rows(
        "select month_start, "
        "sum(net_amount_by_order_date) as revenue, "
        "sum(new_customer_net_amount) as new_revenue, "
        "sum(returning_customer_net_amount) as returning_revenue, "
        "sum(guest_net_amount) as guest_revenue, "
        "last_day(month_start) <= max(as_of_date) as is_over "
        "from calendar_revenue inner join dim_dates using (date_day) "
        "group by month_start order by month_start"
    )
    revenue = {row.month_start: row.revenue for row in months}
    year_ago = [revenue.get(last_year(row.month_start)) for row in months]
    starts = [row.month_start for row in months]
    kinds = [
        (RETURNING_CUSTOMERS, RETURNING, [row.returning_revenue for row in months]),
        (NEW_CUSTOMERS, NEW, [row.new_revenue for row in months]),
        (GUESTS, GUEST, [row.guest_revenue for row in months]),
    ]
    traces = [
        {
            "type": "bar",
            "name": name,
            "x": starts,
            "y": amounts,
            "marker": {
                "color": colour,
                "pattern": charts.hatched([row.is_over for row in months]),
            },
            "hovertemplate": Text("{name}: %{{y:,.0f}}", "{name}：%{{y:,.0f}}").fill(
                name=name
            ),
        }
        for name, colour, amounts in kinds
        if any(amounts)
    ]
    traces.append(
        {
            "type": "scatter",
            "mode": "markers",
            "name": Text("all, a year before", "去年同月合计"),
            "x": starts,
            "y": year_ago,
            "marker": {
                "symbol": "diamond",
                "size": 8,
                "color": charts.INK,
                "line": {"width": 1, "color": charts.PAPER},
            },
            "hovertemplate": Text("a year before: %{y:,.0f}", "去年同月：%{y:,.0f}"),
        }
    )
    over = [row for row in months if row.is_over] or months
    best = max(over, key=lambda row: row.revenue)
    return Chart(
        Text("Net revenue by month, in {currency}", "每月净收入（{currency}）").fill(
            currency=marts.currency
        ),
        Text(
            "The best month was {best_month} with {best_revenue}. A diamond marks the "
            "same month of the year before; a hatched month is not over.",
            "最高的月份是 {best_month}，净收入 {best_revenue}。"
            "菱形为去年同月；斜线柱表示当月未结束。",
        ).fill(
            best_month=month(best.month_start),
            best_revenue=money(best.revenue, marts.currency),
        ),
        traces,
        charts.STACKED_MONTHS,
    )


def last_year(day):
    return day.replace(year=day.year - 1)


def comparison(marts, last, before):
    head = [
        Text("figure", "指标"),
        Text(f"last {YEAR} days", f"最近 {YEAR} 天"),
        Text(f"{YEAR} days before", f"此前 {YEAR} 天"),
    ]
    lines = [
        (Text("orders", "订单数"), "orders"),
        (Text("net revenue", "净收入"), "revenue"),
        (Text("of these, from new customers", "其中新客"), "new_revenue"),
        (Text("of these, from returning customers", "其中老客"), "returning_revenue"),
        (Text("of these, from guests", "其中游客"), "guest_revenue"),
        (Text("new customers", "新客数"), "new_customers"),
    ]
    rows = [
        (name, *(number(getattr(year, column, None)) for year in (last, before)))
        for name, column in lines
    ]
    return table(
        Text("Against the year before", "同比"),
        head,
        rows,
        Text(
            "Money in {currency}, by order date. A dash: the data do not reach back "
            "so far. On the first purchase day a customer is new.",
            "金额单位 {currency}，按下单日期。“–”表示数据不足。"
            "客户在首个购买日算新客。",
        ).fill(currency=marts.currency),
    )


def returning_chart(marts) -> Chart:
    """Share of the month's buyers who had bought before, with its interval."""
    months = marts.some(
        "select period_start, returning_customer_share as rate, "
        "returning_customer_ci_low as low, returning_customer_ci_high as high, "
        "returning_customers, buyers from repurchase_rates_by_period "
        "where period_type = 'month' and is_mature "
        "and returning_customer_share is not null order by period_start"
    )
    starts = [row.period_start for row in months]
    last = months[-1]
    return Chart(
        Text("Returning customers among the month's buyers", "每月老客占比"),
        Text(
            "In {month}, {returning} of {buyers} buyers ({rate}) had bought before. "
            "The band is the 95 % interval; months that are not over are left out.",
            "{month}的 {buyers} 位购买客户中，{returning} 位是老客（{rate}）。"
            "色带为 95% 置信区间；未结束的月份不显示。",
        ).fill(
            month=month(last.period_start),
            returning=number(last.returning_customers),
            buyers=number(last.buyers),
            rate=share(last.rate),
        ),
        [
            *charts.band(
                starts,
                [row.low for row in months],
                [row.high for row in months],
                RETURNING,
            ),
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": starts,
                "y": [row.rate for row in months],
                "customdata": [[row.returning_customers, row.buyers] for row in months],
                "line": {"color": RETURNING},
                "hovertemplate": Text(
                    "%{x}: %{y:.1%}\n%{customdata[0]:,} of %{customdata[1]:,} buyers",
                    "%{x}：%{y:.1%}\n%{customdata[1]:,} 人中 %{customdata[0]:,} 人",
                ),
            },
        ],
        {
            "xaxis": {"tickformat": charts.MONTHS, "hoverformat": charts.MONTHS},
            "yaxis": charts.SHARES,
            "annotations": [
                charts.label(last.period_start, last.rate, share(last.rate), RETURNING)
            ],
        },
        height=280,
    )
