"""Who will buy again, and can that be trusted?"""

from dataclasses import dataclass

from reporting import charts
from reporting.blocks import Chart, Content, NoData
from reporting.tables import table
from reporting.words import NONE, Text, day, interval, number

TITLE = Text("Predictions", "预测")
QUESTION = Text(
    "Who will buy again, and can that be trusted?", "谁会再买？预测可信吗？"
)
WHY_NOTHING = {  # by model_status
    "insufficient_data": Text(
        "Nothing is predicted: too few buyers or too short a history.",
        "暂无预测：购买客户太少或历史太短。",
    ),
    "degenerate_data": Text(
        "Nothing is predicted: all customers buy alike, so nothing tells them apart.",
        "暂无预测：所有客户的购买情况相同，无从区分。",
    ),
    "not_converged": Text(
        "Nothing is predicted: the purchases fit no model.",
        "暂无预测：购买记录不适合任何模型。",
    ),
}
RULES = {
    "zero": Text("nobody buys", "都不再买"),
    "mean": Text("all like the average", "人人按平均"),
    "own_rate": Text("own pace so far", "按自身频率"),
    "last_period": Text("as in the last 90 days", "与最近 90 天相同"),
    "recency": Text("as others silent as long", "按沉默时长的平均"),
    "frequency": Text("as others who bought as often", "按购买频次的平均"),
    "hiatus": Text("own pace unless lapsed", "按自身频率，沉睡算流失"),
    "rfm_cell": Text("as others of the RFM cell", "按 RFM 格的平均"),
}
METRICS = {
    "rmse": Text("error in purchases (RMSE) ↓", "购买次数误差（RMSE）↓"),
    "poisson_deviance": Text("Poisson deviance ↓", "泊松偏差 ↓"),
    "bias": Text("expected too many (bias) → 0", "平均高估（bias）→ 0"),
    "brier": Text("chance to buy (Brier) ↓", "购买概率误差（Brier）↓"),
    "auc": Text("buyers ranked first (AUC) ↑", "排序能力（AUC）↑"),
    "top_decile_capture": Text("purchases by top tenth ↑", "前 10% 客户购买占比 ↑"),
    "false_alarm_rate": Text("buyers called gone ↓", "误判流失占比 ↓"),
}
HIGH_IS_GOOD = {"auc", "top_decile_capture"}
BETTER, EVEN, WORSE = (
    Text("better", "更好", "better"),
    Text("even", "分不出高下", "even"),
    Text("worse", "更差", "worse"),
)


@dataclass(frozen=True)
class Match:
    """The model and the best rule of thumb by a metric at an origin."""

    model: object
    rule: object

    def verdict(self) -> Text:
        """Who is better, if the 95 % intervals do not overlap."""
        model, rule = badness(self.model), badness(self.rule)
        if model[1] < rule[0]:
            return BETTER
        return WORSE if rule[1] < model[0] else EVEN


def badness(row, columns=("ci_low", "ci_high")) -> tuple:
    """The columns, put so that lower is better, the lower one first."""
    values = [getattr(row, column) for column in columns]
    if row.metric in HIGH_IS_GOOD:
        return tuple(-value for value in reversed(values))
    if row.metric == "bias":
        ends = sorted(abs(value) for value in values)
        return (0 if min(values) < 0 < max(values) else ends[0], ends[-1])
    return tuple(values)


def section(marts) -> Content:
    status = marts.some(
        "select model, model_status, count(*) as customers, "
        "cast(sum(repurchase_probability_90d) as decimal(18, 0)) as buyers "
        "from customer_predictions group by model, model_status order by model",
        otherwise=Text("There are no customers to predict.", "还没有可预测的客户。"),
    )[0]
    if status.model_status != "converged":
        raise NoData(WHY_NOTHING[status.model_status])
    matches = matched(marts, status.model)
    calibration = marts.rows(
        "select * from prediction_calibration where model = ? and origin = "
        "(select max(origin) from prediction_calibration where model = ?) "
        "order by decile",
        *[status.model] * 2,
    )
    segments = marts.rows(
        "select rfm_segment, rfm_segment_zh, segment_rank, count(*) as customers, "
        "cast(sum(repurchase_probability_90d) as decimal(18, 1)) as buyers, "
        "cast(sum(expected_purchases_90d) as decimal(18, 1)) as purchases_90d, "
        "cast(sum(expected_purchases_365d) as decimal(18, 1)) as purchases_365d, "
        "cast(sum(probability_alive) as decimal(18, 1)) as alive, "
        "cast(sum(predicted_clv) as decimal(18, 2)) as predicted_clv "
        "from customer_predictions left join rfm_scores using (customer_key) "
        "group by all order by segment_rank nulls last"
    )
    blocks = [segments_chart(segments), segments_table(marts, segments)]
    if calibration:
        blocks.append(calibration_chart(calibration))
    if matches:
        blocks.append(report_card(matches))
    return Content(answer(status, matches), blocks)


def matched(marts, model: str) -> dict:
    """Matches by origin, the latest first, and metric; without those not decided."""
    found = marts.rows(
        "select * from prediction_evaluation where (model = ? or is_baseline) "
        "and value is not null and ci_low is not null and ci_high is not null "
        "order by origin desc, metric, model",
        model,
    )
    matches = {}
    for origin in dict.fromkeys(row.origin for row in found):
        for metric in METRICS:
            rows = [
                row for row in found if (row.origin, row.metric) == (origin, metric)
            ]
            own = [row for row in rows if row.model == model]
            rules = [row for row in rows if row.is_baseline]
            if own and rules:
                best = min(rules, key=lambda row: badness(row, ("value", "value")))
                matches.setdefault(origin, {})[metric] = Match(own[0], best)
    return matches


def answer(status, matches) -> Text:
    expected = Text(
        "{expected_buyers} of {customers} customers are expected to buy within the "
        "next 90 days",
        "未来 90 天内，{customers} 位客户中预计有 {expected_buyers} 位会购买",
    ).fill(expected_buyers=number(status.buyers), customers=number(status.customers))
    if not matches:
        return Text(
            "{expected}; this could not be tested on the past, for want of history or "
            "of a fit.",
            "{expected}；因历史太短或模型不适合当时的数据，尚无法检验。",
        ).fill(expected=expected)
    origin = next(iter(matches))
    latest = [match.verdict() for match in matches[origin].values()]
    return Text(
        "{expected}; tested on the 90 days after {tested_from}, the model was clearly "
        "better than the best rule of thumb on {better} of {measures} measures and "
        "clearly worse on {worse}.",
        "{expected}；用 {tested_from}之后的 90 天检验，与最好的经验规则相比，"
        "{measures} 项指标中模型 {better} 项明显更好，{worse} 项明显更差。",
    ).fill(
        expected=expected,
        tested_from=day(origin),
        measures=number(len(latest)),
        better=number(latest.count(BETTER)),
        worse=number(latest.count(WORSE)),
    )


def name_of(row) -> Text:
    if row.rfm_segment is None:
        return Text("no segment", "未分层")
    return Text(row.rfm_segment, row.rfm_segment_zh)


def segments_chart(segments) -> Chart:
    hover = Text(
        "{name}\n{buyers} of {customers} customers\n{purchases} purchases",
        "{name}\n{customers} 位客户中 {buyers} 位\n{purchases} 次购买",
    )
    most = max(segments, key=lambda row: row.buyers or 0)
    traces, layout = charts.bars(
        [name_of(row) for row in segments],
        [row.buyers or 0 for row in segments],
        [
            Text("{buyers} of {customers}", "{customers} 人中 {buyers} 人").fill(
                buyers=number(row.buyers), customers=number(row.customers)
            )
            for row in segments
        ],
        [
            charts.GREY
            if row.segment_rank is None
            else charts.segment_colour(row.segment_rank)
            for row in segments
        ],
        hovers=[
            hover.fill(
                name=name_of(row),
                buyers=number(row.buyers, 1),
                customers=number(row.customers),
                purchases=number(row.purchases_90d, 1),
            )
            for row in segments
        ],
    )
    return Chart(
        Text("Customers expected to buy within 90 days", "未来 90 天预计购买的客户"),
        Text(
            "Most of them are {segment}: {segment_buyers} of {segment_customers}. "
            "These buy anyway; an offer is better spent on those in between.",
            "最多的是{segment}：{segment_customers} 人中 {segment_buyers} 人。"
            "这些人本来就会买，优惠给中间的人更值。",
        ).fill(
            segment=name_of(most),
            segment_buyers=number(most.buyers),
            segment_customers=number(most.customers),
        ),
        traces,
        layout,
        height=34 * len(segments) + 30,
    )


def segments_table(marts, segments):
    return table(
        Text("What is expected of each segment", "各分层预期"),
        [
            Text("segment", "分层"),
            Text("customers", "客户数"),
            Text("of these, still customers", "其中仍活跃（预计）"),
            Text("buyers in 90 days", "90 天购买客户（预计）"),
            Text("purchases in 90 days", "90 天购买次数（预计）"),
            Text("purchases in 365 days", "365 天购买次数（预计）"),
            Text(
                "value of the next 365 days, {currency}",
                "未来 365 天价值（{currency}）",
            ).fill(currency=marts.currency),
        ],
        [
            (
                name_of(row),
                number(row.customers),
                number(row.alive),
                number(row.buyers),
                number(row.purchases_90d),
                number(row.purchases_365d),
                number(row.predicted_clv),
            )
            for row in segments
        ],
        Text(
            "Sums over the customers of what the model expects of each, without season "
            "or campaigns. Value is margin in today's money, by the vars clv_margin "
            "and clv_monthly_discount_rate; a dash where spend fits no model.",
            "为模型对每位客户预期的合计，不含季节与活动影响。"
            "价值为折现后的毛利（参数 clv_margin 与 clv_monthly_discount_rate）；"
            "“–”表示消费金额不适合模型。",
        ),
    )


def calibration_chart(deciles) -> Chart:
    first = deciles[0]
    counts = [row.customers for row in deciles]
    places = [row.decile for row in deciles]
    return Chart(
        Text("Expected and actual purchases", "预期与实际购买"),
        Text(
            "The prediction as it would have stood on {origin}, and the 90 days after: "
            "of the tenth of whom most was expected, {predicted} purchases each were "
            "expected and {actual} made.",
            "以 {origin} 当时的数据预测其后 90 天：预期最高的一组客户，"
            "人均预期 {predicted} 次，实际 {actual} 次。",
        ).fill(
            origin=day(first.origin),
            predicted=number(first.predicted, 2),
            actual=number(first.actual, 2),
        ),
        [
            {
                "type": "bar",
                "name": Text("expected", "预期"),
                "x": places,
                "y": [row.predicted for row in deciles],
                "customdata": counts,
                "marker": {"color": charts.faded(charts.BLUE, 0.45)},
                "hovertemplate": Text(
                    "%{customdata:,} customers, expected: %{y:.2f}",
                    "%{customdata:,} 位客户，预期：%{y:.2f}",
                ),
            },
            {
                "type": "scatter",
                "mode": "markers",
                "name": Text("actual", "实际"),
                "x": places,
                "y": [row.actual for row in deciles],
                "marker": {"color": charts.INK, "symbol": "diamond", "size": 9},
                "hovertemplate": Text("actual: %{y:.2f}", "实际：%{y:.2f}"),
            },
        ],
        {
            "showlegend": True,
            "hovermode": "x unified",
            "xaxis": {
                "title": {
                    "text": Text(
                        "tenths of the customers, most expected first",
                        "客户十等分，预期最高的在前",
                    )
                },
                "dtick": 1,
                "showgrid": False,
            },
            "yaxis": {
                "title": {"text": Text("purchases per customer", "人均购买次数")},
                "rangemode": "tozero",
            },
        },
        height=320,
    )


def report_card(matches):
    """The model against the best rule of thumb, every comparison, lost ones too."""
    origins = list(matches)
    latest = matches[origins[0]]
    return table(
        Text(
            "Report card: the model against the best rule of thumb",
            "模型与最好的经验规则对比",
        ),
        [
            Text("measure", "指标"),
            Text("model", "模型"),
            Text("95 % interval", "95% 置信区间"),
            Text("best rule of thumb", "最好的经验规则"),
            Text("its figure", "规则结果"),
            Text("its 95 % interval", "规则 95% 置信区间"),
            *(day(origin) for origin in origins),
        ],
        [
            (
                METRICS[metric],
                *compared(match),
                *(
                    matches[origin][metric].verdict()
                    if metric in matches[origin]
                    else NONE
                    for origin in origins
                ),
            )
            for metric, match in latest.items()
        ],
        Text(
            "↓ low is good, ↑ high is good. Below each day: how the model did over the "
            "90 days after it, knowing only what was known then; figures are those of "
            "the first ({judged} customers). The best rule is picked afterwards, "
            "for each measure. Even: the intervals overlap, so neither is "
            "shown to be better; where a rule is better, use the rule.",
            "↓ 越低越好，↑ 越高越好。日期列为该日起 90 天的检验结果，"
            "只用当日已知的数据；数字为最近一次（{judged} 位客户）。"
            "最好的规则按每项指标事后选出。置信区间重叠时分不出高下；"
            "规则更好时就用规则。",
        ).fill(judged=number(next(iter(latest.values())).model.customers)),
    )


def compared(match) -> tuple:
    model, rule = match.model, match.rule
    return (
        number(model.value, 3),
        interval(model.ci_low, model.ci_high, 3, number),
        RULES.get(rule.model, NONE),
        number(rule.value, 3),
        interval(rule.ci_low, rule.ci_high, 3, number),
    )
