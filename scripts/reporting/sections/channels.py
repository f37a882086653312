"""Which channels bring revenue, and which bring customers who come back?"""

from reporting import charts
from reporting.blocks import Chart, Content
from reporting.charts import Rated
from reporting.tables import table
from reporting.words import (
    Text,
    interval,
    money,
    number,
    same,
    share,
)

TITLE = Text("Channels", "渠道")
QUESTION = Text(
    "Which channels bring revenue, and which bring customers who come back?",
    "哪个渠道卖得多？哪个渠道来的客户更会复购？",
)
SHOWN = 10


def section(marts) -> Content:
    channels = marts.some(
        "select channel_performance.*, overall.repurchase_rate as average, "
        "count(*) over () as channels from channel_performance "
        "left join repurchase_rates as overall "
        "on overall.cohort_start is null and overall.window_days = 90 "
        "order by net_amount desc, channel limit ?",
        SHOWN,
        otherwise=Text("The orders name no channel.", "订单中没有渠道信息。"),
    )
    average = channels[0].average
    rated = [
        Rated(
            name_of(row),
            row.repurchase_rate_90d,
            row.ci_low,
            row.ci_high,
            row.repurchasers_90d,
            row.eligible_customers_90d,
        )
        for row in channels
        if row.repurchase_rate_90d is not None
    ]
    blocks = [revenue_chart(marts, channels)]
    if rated and average is not None:
        blocks.append(rate_chart(rated, average))
    blocks.append(channels_table(marts, channels))
    return Content(answer(marts, channels[0], rated, average), blocks)


def name_of(row) -> Text:
    if row.channel == "(none)":
        return Text("no channel named", "未注明渠道")
    return same(row.channel)


def answer(marts, top, rated, average) -> Text:
    sells = Text(
        "{channel} brings in the most, {top_revenue} from {top_orders} orders",
        "“{channel}”净收入最高：{top_orders} 单，{top_revenue}",
    ).fill(
        channel=name_of(top),
        top_revenue=money(top.net_amount, marts.currency),
        top_orders=number(top.orders),
    )
    if average is None or not rated:
        return Text("{sells}.", "{sells}。").fill(sells=sells)
    best = max(rated, key=lambda one: one.rate)
    worst = min(rated, key=lambda one: one.rate)
    if best.against(average) > 0:
        verdict = Text(
            "customers who came through {channel} buy again clearly more often than "
            "the average.",
            "“{channel}”来的客户复购率明显高于平均。",
        ).fill(channel=best.name)
    elif worst.against(average) < 0:
        verdict = Text(
            "customers who came through {channel} buy again clearly less often than "
            "the average.",
            "“{channel}”来的客户复购率明显低于平均。",
        ).fill(channel=worst.name)
    else:
        verdict = Text(
            "in repurchase no channel differs clearly from the average.",
            "各渠道来的客户复购率没有明显差异。",
        )
    return Text("{sells}; {verdict}", "{sells}；{verdict}").fill(
        sells=sells, verdict=verdict
    )


def revenue_chart(marts, channels) -> Chart:
    return Chart(
        Text(
            "Net revenue by channel, in {currency}", "各渠道净收入（{currency}）"
        ).fill(currency=marts.currency),
        Text(
            "By the channel of each order, guests included: {shown} of {channels} "
            "channels.",
            "按每笔订单的渠道，含游客；共 {channels} 个渠道，显示 {shown} 个。",
        ).fill(shown=len(channels), channels=channels[0].channels),
        *charts.sales([name_of(row) for row in channels], channels, marts.currency),
        height=40 * len(channels) + 30,
    )


def rate_chart(rated, average) -> Chart:
    return Chart(
        Text(
            "90-day repurchase by the channel of the first order",
            "首单渠道与 90 日复购率",
        ),
        Text(
            "Customers whose 90 days are over, wherever they bought again, with 95 % "
            "intervals. Blue lies clearly above all customers' {average}, orange "
            "below; grey cannot be told apart.",
            "首购满 90 天的客户（再次购买不限渠道），附 95% 置信区间。"
            "蓝色明显高于全部客户的 {average}，橙色明显低于，灰色无法区分。",
        ).fill(average=share(average)),
        *charts.forest(rated, average),
        height=40 * len(rated) + 60,
    )


def channels_table(marts, channels):
    return table(
        Text("Channels in figures", "渠道明细"),
        [
            Text("channel", "渠道"),
            Text("orders", "订单数"),
            Text("customers", "客户数"),
            Text("new customers", "新客数"),
            Text("net revenue, {currency}", "净收入（{currency}）").fill(
                currency=marts.currency
            ),
            Text("average order value", "客单价"),
            Text("90 days over", "满 90 天"),
            Text("bought again in 90 days", "90 天内复购"),
            Text("rate", "90 日复购率"),
            Text("95 % interval", "95% 置信区间"),
        ],
        [
            (
                name_of(row),
                number(row.orders),
                number(row.customers),
                number(row.new_customers),
                number(row.net_amount),
                number(row.average_order_value, 2),
                number(row.eligible_customers_90d),
                number(row.repurchasers_90d),
                share(row.repurchase_rate_90d),
                interval(row.ci_low, row.ci_high),
            )
            for row in channels
        ],
        Text(
            "A customer can buy through several channels, but is new in one only.",
            "同一客户可在多个渠道购买，但只在一个渠道计为新客。",
        ),
    )
