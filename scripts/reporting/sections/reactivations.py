"""How many lapsed customers come back, and what do they buy then?"""

from reporting import charts
from reporting.blocks import Chart, Content, Tile, Tiles
from reporting.tables import table
from reporting.words import (
    EMPTY,
    Text,
    compact_money,
    money,
    month,
    number,
    same,
    share,
)

TITLE = Text("Customers who came back", "回流客户")
QUESTION = Text(
    "How many lapsed customers come back, and what do they buy then?",
    "有多少沉睡客户回流？回来后买了多少？",
)
YEAR = 365  # days up to the as-of date
STEP = 30  # days of silence of a bar
SHOWN = 5  # values of an attribute
ATTRIBUTES = {
    "channel": Text("channel", "渠道"),
    "category": Text("category", "品类"),
    "coupon_code": Text("coupon", "优惠券"),
}
# Each customer once, since what was bought after a return goes on to the as-of date.
OF_THE_YEAR = f"""
    select * from (
        select
            *,
            row_number() over (
                partition by customer_key order by reactivated_on
            ) as place
        from reactivations
        where reactivated_on > as_of_date - {YEAR}
    )
    where place = 1
"""


def section(marts) -> Content:
    returns = marts.some(
        "select date_trunc('month', reactivated_on)::date as month_start, "
        "count(*) as returns, "
        "sum(case when purchases_after > 1 then 1 else 0 end) as stayed, "
        "last_day(date_trunc('month', reactivated_on)) <= max(as_of_date) as is_over "
        "from reactivations group by date_trunc('month', reactivated_on) "
        "order by month_start",
        otherwise=Text(
            "Nobody has come back after a long silence yet.", "还没有沉睡后回流的客户。"
        ),
    )
    limits = marts.rows(
        "select * from lifecycle_limits where limit_name in ('lapse', 'lost') "
        "order by days_in_use"
    )
    year = marts.rows(
        f"with year as ({OF_THE_YEAR}) select count(*) as customers, "
        "coalesce(sum(case when purchases_after > 1 then 1 else 0 end), 0) as stayed, "
        "coalesce(sum(net_amount_after), 0) as net_amount from year"
    )[0]
    blocks = [
        tiles(marts, year, limits),
        months_chart(returns),
        silence_chart(marts),
    ]
    values = attribute_values(marts)
    if values:
        blocks.append(attributes_table(marts, values))
    return Content(answer(marts, year, limits), blocks)


def answer(marts, year, limits) -> Text:
    return Text(
        f"In the last {YEAR} days {{returned}} customers came back{{silence}} and "
        "have since bought for {returned_revenue}.",
        f"最近 {YEAR} 天有 {{returned}} 位客户{{silence}}回流，"
        "回来后至今净消费 {returned_revenue}。",
    ).fill(
        returned=number(year.customers),
        returned_revenue=money(year.net_amount, marts.currency),
        silence=Text(
            " after more than {lapse_days} days of silence",
            "在沉默超过 {lapse_days} 天后",
        ).fill(lapse_days=number(limits[0].days_in_use))
        if limits
        else EMPTY,
    )


def tiles(marts, year, limits) -> Tiles:
    shown = [
        Tile(
            "returned",
            Text(f"came back, last {YEAR} days", f"最近 {YEAR} 天回流"),
            number(year.customers),
            Text(
                "{stayed} of them have bought again since",
                "其中 {stayed} 位此后又再次购买",
            ).fill(stayed=number(year.stayed)),
        ),
        Tile(
            "returned_revenue",
            Text("net revenue since their return", "回流后净收入"),
            compact_money(year.net_amount, marts.currency),
            Text("the returning purchase included", "含回流当次购买"),
        ),
    ]
    return Tiles(
        shown
        + [
            Tile(
                f"return_probability_{limit.limit_name}",
                Text(
                    "come back after {days} silent days", "沉默 {days} 天后还会回流"
                ).fill(days=limit.days_in_use),
                share(limit.return_probability_365d),
                Text(
                    f"estimated share, within the next {YEAR} days",
                    f"其后 {YEAR} 天内的估计比例",
                ),
            )
            for limit in limits
            if limit.return_probability_365d is not None
        ]
    )


def months_chart(months) -> Chart:
    """Returns by month, parted by whether another purchase followed."""
    starts = [row.month_start for row in months]
    pattern = charts.hatched([row.is_over for row in months])
    kinds = [
        (Text("bought again since", "此后又购买"), charts.TEAL, "stayed"),
        (Text("not so far", "尚未再购"), charts.faded(charts.TEAL, 0.4), "waiting"),
    ]
    most = max(months, key=lambda row: row.returns)
    return Chart(
        Text("Returns by month", "每月回流人次"),
        Text(
            "Most came back in {month}: {most_of_month}. The younger the month, the "
            "less time to buy again; a hatched month is not over.",
            "最多的是 {month}，{most_of_month} 人次。月份越近，再购的时间越短；"
            "斜线柱表示当月未结束。",
        ).fill(month=month(most.month_start), most_of_month=number(most.returns)),
        [
            {
                "type": "bar",
                "name": name,
                "x": starts,
                "y": [counts(row)[kind] for row in months],
                "marker": {"color": colour, "pattern": pattern},
                "hovertemplate": Text("{name}: %{{y:,}}", "{name}：%{{y:,}}").fill(
                    name=name
                ),
            }
            for name, colour, kind in kinds
        ],
        charts.STACKED_MONTHS,
        height=320,
    )


def counts(row) -> dict:
    return {"stayed": row.stayed, "waiting": row.returns - row.stayed}


def silence_chart(marts) -> Chart:
    """How long those who came back had been silent."""
    bars = marts.rows(
        f"select floor(gap_days / {STEP}) * {STEP} as days, count(*) as returns "
        f"from reactivations group by floor(gap_days / {STEP}) order by days"
    )
    most = max(bars, key=lambda row: row.returns)
    return Chart(
        Text("Days of silence before the return", "回流前沉默了多少天"),
        Text(
            "Most came back after {first} to {last} days of silence: "
            "{most_by_silence}. All returns so far.",
            "沉默 {first} 至 {last} 天后回流的最多：{most_by_silence} 人次。"
            "统计迄今全部回流。",
        ).fill(
            most_by_silence=number(most.returns),
            first=number(most.days),
            last=number(most.days + STEP - 1),
        ),
        [
            {
                "type": "bar",
                "x": [row.days for row in bars],
                "y": [row.returns for row in bars],
                "offset": 0,
                "width": STEP - 3,
                "customdata": [row.days + STEP - 1 for row in bars],
                "marker": {"color": charts.TEAL},
                "hovertemplate": Text(
                    "%{x:.0f} to %{customdata:.0f} days: %{y:,}",
                    "%{x:.0f} 至 %{customdata:.0f} 天：%{y:,} 人次",
                ),
            }
        ],
        {
            "xaxis": {
                "title": {"text": Text("days of silence", "沉默天数")},
                "showgrid": False,
                "dtick": 3 * STEP,
            },
            "yaxis": {"tickformat": ",.0f", "rangemode": "tozero"},
        },
        height=280,
    )


def attribute_values(marts) -> list:
    """What the returning purchase was, the most frequent values of each attribute."""
    found = []
    for attribute, name in ATTRIBUTES.items():
        rows = marts.rows(
            f"with year as ({OF_THE_YEAR}) select {attribute} as value, "
            "count(*) as customers, sum(net_amount_before) as before, "
            "sum(net_amount_after) as after from year "
            f"where (select count({attribute}) from year) > 0 "
            f"group by {attribute} order by customers desc, value limit {SHOWN}"
        )
        found += [(name, row) for row in rows]
    return found


def attributes_table(marts, values):
    return table(
        Text("What they came back with", "靠什么回来的"),
        [
            Text("first purchase after the silence", "回流当次购买"),
            Text("customers", "客户数"),
            Text("net revenue before, {currency}", "此前净收入（{currency}）").fill(
                currency=marts.currency
            ),
            Text("since, {currency}", "回流后净收入（{currency}）").fill(
                currency=marts.currency
            ),
        ],
        [
            (
                Text("{attribute}: {value}", "{attribute}：{value}").fill(
                    attribute=attribute,
                    value=Text("none", "无") if row.value is None else same(row.value),
                ),
                number(row.customers),
                number(row.before),
                number(row.after),
            )
            for attribute, row in values
        ],
        Text(
            f"Customers of the last {YEAR} days, up to {SHOWN} values each; none means "
            "that the order names none.",
            f"最近 {YEAR} 天的回流客户，每类最多 {SHOWN} 项；“无”表示订单未注明。",
        ),
    )
