"""What sells, and what brings customers back?"""

from reporting import charts
from reporting.blocks import Chart, Content, NoData
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

TITLE = Text("Products", "商品")
QUESTION = Text(
    "What sells, and what brings customers back?", "什么卖得好？什么能带来复购？"
)
SHOWN = 10
MONTH = 3  # after the first purchase, by whose end customers are back


def section(marts) -> Content:
    best = marts.some(
        "select *, coalesce(name, product_id) || case when count(*) over "
        "(partition by coalesce(name, product_id)) > 1 "
        "then ' (' || shop_id || ' ' || product_id || ')' else '' end as label from ("
        "select product_performance.*, shop_id from product_performance "
        "inner join dim_products using (product_key) "
        "order by net_amount desc, product_key limit ?) "
        "order by net_amount desc, product_key",
        SHOWN,
        otherwise=Text("The orders name no products.", "订单中没有商品信息。"),
    )
    if len(best) == 1:
        raise NoData(
            Text(
                "The orders name only one product, so there is nothing to compare.",
                "订单中只有一种商品，无从比较。",
            )
        )
    first, average = first_products(marts)
    blocks = [sales_chart(marts, best)]
    if first:
        blocks.append(first_chart(first, average))
    blocks.append(again_table(best))
    following = next_products(marts, best)
    if following:
        blocks.append(next_table(following))
    return Content(answer(marts, best[0], first, average), blocks)


def first_products(marts) -> tuple[list[Rated], float | None]:
    """The most frequent first products with their rates, and that of all customers."""
    found = marts.rows(
        "with names as ("
        "select product_id, min(name) as name from dim_products group by product_id) "
        "select coalesce(names.name, value) as label, first.*, "
        "overall.cumulative_repurchase_rate as average "
        "from cohort_retention_by_first_attribute as first "
        "inner join cohort_retention_averages as overall "
        "on overall.period_type = 'month' "
        "and overall.period_number = first.period_number "
        "and not overall.is_left_censored_excluded "
        "left join names on names.product_id = first.value "
        "where attribute = 'product' and first.period_number = ? "
        "and value not in ('(none)', '(other)') "
        "and first.cumulative_repurchase_rate is not null "
        "and overall.cumulative_repurchase_rate is not null "
        "order by cohort_size desc, value limit ?",
        MONTH,
        SHOWN,
    )
    rated = [
        Rated(
            same(row.label),
            row.cumulative_repurchase_rate,
            row.cumulative_repurchase_ci_low,
            row.cumulative_repurchase_ci_high,
            row.eligible_repurchasers,
            row.eligible_customers,
        )
        for row in found
    ]
    return rated, found[0].average if found else None


def next_products(marts, best) -> list:
    """After each of the best sellers, the product most often bought next."""
    found = marts.rows(
        "select next_products.*, coalesce(name, product_id) as next_label "
        "from next_products inner join product_performance "
        "on product_performance.product_key = product_to "
        "where list_contains(?, product_from) "
        "order by transitions desc, lift desc, product_to",
        [row.product_key for row in best],
    )
    first = {}
    for row in found:
        first.setdefault(row.product_from, row)
    return [(row, first[row.product_key]) for row in best if row.product_key in first]


def answer(marts, top, first, average) -> Text:
    sells = Text(
        "{product} brings in the most, {top_revenue}",
        "“{product}”净收入最高（{top_revenue}）",
    ).fill(product=same(top.label), top_revenue=money(top.net_amount, marts.currency))
    if not first:
        return Text("{sells}.", "{sells}。").fill(sells=sells)
    best = max(first, key=lambda one: one.rate)
    worst = min(first, key=lambda one: one.rate)
    if best.against(average) > 0:
        verdict = Text(
            "who began with {name} comes back clearly more often than the average.",
            "首购为“{name}”的客户复购率明显高于平均。",
        ).fill(name=best.name)
    elif worst.against(average) < 0:
        verdict = Text(
            "no frequent first product brings back clearly more customers than the "
            "average, and {name} brings back fewer.",
            "常见的首购商品中，没有复购率明显高于平均的，“{name}”则明显偏低。",
        ).fill(name=worst.name)
    else:
        verdict = Text(
            "no frequent first product brings back clearly more or fewer customers "
            "than the average.",
            "常见的首购商品之间，复购率没有明显差异。",
        )
    return Text("{sells}; {verdict}", "{sells}；{verdict}").fill(
        sells=sells, verdict=verdict
    )


def sales_chart(marts, best) -> Chart:
    return Chart(
        Text(
            "Best sellers by net revenue, in {currency}", "畅销商品净收入（{currency}）"
        ).fill(currency=marts.currency),
        Text(
            "The {count} products that brought in the most since the first order, "
            "refunds taken off.",
            "自首单以来净收入最高的 {count} 种商品，已扣退款。",
        ).fill(count=len(best)),
        *charts.sales([same(row.label) for row in best], best, marts.currency),
        height=40 * len(best) + 30,
    )


def first_chart(first, average) -> Chart:
    return Chart(
        Text("First products that lead to a second order", "首购商品与复购"),
        Text(
            "By the first order's most valuable product: customers who bought again by "
            "the end of the third month after their first. Blue lies clearly above all "
            "customers' {average}, orange below; grey cannot be told apart.",
            "按首单中金额最高的商品分组：首购后第 3 个自然月末前已复购的客户占比。"
            "蓝色明显高于全部客户的 {average}，橙色明显低于，灰色无法区分。",
        ).fill(average=share(average)),
        *charts.forest(first, average),
        height=40 * len(first) + 60,
    )


def again_table(best):
    return table(
        Text(
            "Do buyers come back for the same product?", "买过的客户会再买同一商品吗？"
        ),
        [
            Text("product", "商品"),
            Text("orders", "订单数"),
            Text("customers", "客户数"),
            Text("of orders, first ones", "首单占比"),
            Text("90 days over", "满 90 天"),
            Text("bought it again in 90 days", "90 天内再买"),
            Text("rate", "90 天再买率"),
            Text("95 % interval", "95% 置信区间"),
            Text("median days until again, so far", "再买间隔中位数（天，已发生）"),
        ],
        [
            (
                same(row.label),
                number(row.orders),
                number(row.customers),
                share(row.first_order_share),
                number(row.eligible_customers_90d),
                number(row.repeat_buyers_90d),
                share(row.repeat_buyer_rate_90d),
                interval(row.repeat_buyer_90d_ci_low, row.repeat_buyer_90d_ci_high),
                number(row.median_reorder_days),
            )
            for row in best
        ],
    )


def next_table(following):
    return table(
        Text("What is bought next", "下次买什么"),
        [
            Text("after", "本次购买"),
            Text("most often next", "下次最常买"),
            Text("next purchases seen", "后续购买次数"),
            Text("of these, with it", "其中买了它"),
            Text("share", "占比"),
            Text("95 % interval of the share", "占比置信区间（95%）"),
            Text("after any product", "全店平均"),
            Text("times as often", "倍数"),
        ],
        [
            (
                same(product.label),
                same(row.next_label),
                number(row.steps_from),
                number(row.transitions),
                share(row.probability),
                interval(row.ci_low, row.ci_high),
                share(row.base_rate),
                number(row.lift, 1),
            )
            for product, row in following
        ],
        Text(
            "From one purchase day to the customer's next, for the best sellers above; "
            "who never came back is not in it.",
            "统计同一客户相邻两个购买日，仅列上面的畅销商品；未再购的客户不在内。",
        ),
    )
