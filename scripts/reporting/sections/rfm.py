"""Who are the best customers, and who is slipping away?"""

from textwrap import wrap

from reporting import charts
from reporting.blocks import Chart, Content
from reporting.tables import table
from reporting.words import (
    Text,
    compact,
    money,
    month,
    number,
    same,
    share,
)

TITLE = Text("RFM segments", "RFM 客户分层")
QUESTION = Text(
    "Who are the best customers, and who is slipping away?",
    "谁是最好的客户？谁正在流失？",
)
SCORES = [1, 2, 3, 4, 5]


def section(marts) -> Content:
    segments = marts.rows("select * from rfm_segments order by segment_rank")
    cells = marts.some(
        "select r_score, f_score, segment_rank, rfm_segment, rfm_segment_zh, "
        "count(*) as customers, sum(monetary) as net_amount from rfm_scores "
        "group by all order by all",
        otherwise=Text(
            "Nobody bought within the look-back of RFM.", "RFM 回溯期内没有客户购买。"
        ),
    )
    blocks = [grid(marts, cells), segments_table(marts, segments)]
    moves = marts.rows(
        "select * from rfm_migrations "
        "where snapshot_month = (select max(snapshot_month) from rfm_migrations)"
    )
    if moves:
        blocks.append(moves_chart(segments, moves))
        blocks.append(moves_table(marts, segments, moves))
    return Content(answer(segments), blocks)


def name_of(row) -> Text:
    return Text(row.rfm_segment, row.rfm_segment_zh)


def answer(segments) -> Text:
    best = max(segments, key=lambda row: row.net_amount)
    if best.revenue_share is None:
        return Text("No segment has brought in money.", "各分层均无净收入。")
    return Text(
        "{segment} are {customer_share} of the customers and brought in "
        "{revenue_share} of the revenue.",
        "{segment}占客户数的 {customer_share}，贡献收入的 {revenue_share}。",
    ).fill(
        segment=name_of(best),
        customer_share=share(best.customer_share),
        revenue_share=share(best.revenue_share),
    )


def grid(marts, cells) -> Chart:
    """The R x F grid: each cell in its segment's colour, with customers and value."""
    at = {(row.f_score, row.r_score): row for row in cells}

    def each(show, without=None):
        return [
            [show(at[f, r]) if (f, r) in at else without for f in SCORES]
            for r in SCORES
        ]

    hover = Text(
        "R {r}, F {f}: {segment}\n{customers} customers\n{amount}",
        "R {r}，F {f}：{segment}\n{customers} 位客户\n{amount}",
    )
    ranks = range(1, charts.SEGMENT_COLOURS + 1)
    count = len(ranks)
    scale = [
        [edge / count, charts.segment_colour(rank)]
        for rank in ranks
        for edge in (rank - 1, rank)
    ]
    largest = max(cells, key=lambda row: row.customers)
    return Chart(
        Text(
            "Customers by recency and frequency", "按最近购买（R）与购买次数（F）分布"
        ),
        Text(
            "The fullest cell is R {r}, F {f} ({segment}) with {customers} customers "
            "and {amount}. In each cell: segment, customers, net revenue in "
            "{currency}.",
            "人数最多的是 R {r}、F {f}（{segment}）：{customers} 位客户，"
            "净收入 {amount}。格内依次为分层、客户数、净收入（{currency}）。",
        ).fill(
            r=largest.r_score,
            f=largest.f_score,
            segment=name_of(largest),
            customers=number(largest.customers),
            amount=money(largest.net_amount, marts.currency),
            currency=marts.currency,
        ),
        [
            {
                "type": "heatmap",
                "x": SCORES,
                "y": SCORES,
                "z": each(lambda row: (row.segment_rank - 1) % count + 1),
                "zmin": 0.5,
                "zmax": count + 0.5,
                "colorscale": scale,
                "showscale": False,
                "xgap": 3,
                "ygap": 3,
                "text": each(cell_label, ""),
                "texttemplate": "%{text}",
                "hovertext": each(
                    lambda row: hover.fill(
                        r=row.r_score,
                        f=row.f_score,
                        segment=name_of(row),
                        customers=number(row.customers),
                        amount=money(row.net_amount, marts.currency),
                    ),
                    "",
                ),
                "hovertemplate": "%{hovertext}",
            }
        ],
        {
            "xaxis": {
                "title": {"text": Text("F: how often", "F：购买次数得分")},
                "dtick": 1,
                "showgrid": False,
            },
            "yaxis": {
                "title": {"text": Text("R: how recently", "R：最近购买得分")},
                "dtick": 1,
                "showgrid": False,
            },
            "margin": {"r": 0},
        },
        height=520,
    )


def cell_label(row) -> Text:
    name = name_of(row)
    half = (len(name.zh) + 1) // 2  # long Chinese names stand in two lines
    zh = "\n".join(wrap(name.zh, half)) if len(name.zh) > 4 else name.zh
    name = Text(name.en.replace(" ", "\n", 1), zh)
    return Text("{name}\n{customers}\n{amount}", "{name}\n{customers}\n{amount}").fill(
        name=name, customers=number(row.customers), amount=compact(row.net_amount)
    )


def segments_table(marts, segments):
    return table(
        Text("Segments and what to do", "各分层与建议动作"),
        [
            Text("segment", "分层"),
            Text("customers", "客户数"),
            Text("of customers", "客户占比"),
            Text("net revenue, {currency}", "净收入（{currency}）").fill(
                currency=marts.currency
            ),
            Text("of revenue", "收入占比"),
            Text("days since the last purchase", "平均未购天数"),
            Text("purchase days", "平均购买天数"),
            Text("average order value", "客单价"),
            Text("what to do", "建议动作"),
        ],
        [
            (
                name_of(row),
                number(row.customers),
                share(row.customer_share),
                number(row.net_amount),
                share(row.revenue_share),
                number(row.average_recency_days),
                number(row.average_frequency, 1),
                number(row.average_order_value, 2),
                Text(row.recommended_action, row.recommended_action_zh),
            )
            for row in segments
        ],
    )


def moves_chart(segments, moves) -> Chart:
    """Customers who came into and went out of each segment in the month."""
    names, entered, left = [], [], []
    for row in reversed(segments):
        names.append(name_of(row))
        entered.append(
            sum(
                move.customers
                for move in moves
                if move.to_segment == row.rfm_segment != move.from_segment
            )
        )
        left.append(
            sum(
                move.customers
                for move in moves
                if move.from_segment == row.rfm_segment != move.to_segment
            )
        )
    most = max(range(len(names)), key=lambda place: entered[place])
    widest = 1.25 * max(entered + left)  # with room for the figures
    ranks = [row.segment_rank for row in reversed(segments)]
    colours = [charts.segment_colour(rank) for rank in ranks]
    bars = {"type": "bar", "orientation": "h", "y": ranks, "textposition": "outside"}
    return Chart(
        Text("Who moved in {month}", "{month}的分层变动").fill(
            month=month(moves[0].snapshot_month)
        ),
        Text(
            "Most came into {segment}: {entered} customers. Right: came in; left: "
            "went out. Every month is scored by the same cuts, so that customers move "
            "and not the ruler; sizes therefore differ from the table above.",
            "流入最多的是{segment}：{entered} 位客户。向右为流入，向左为流出。"
            "各月用同一套分值界限，变动来自客户而非标尺，因此人数与上表不同。",
        ).fill(segment=names[most], entered=number(entered[most])),
        [
            bars
            | {
                "x": entered,
                "text": [number(value) for value in entered],
                "marker": {"color": colours},
                "hovertemplate": Text("came in: %{x:,}", "流入：%{x:,}"),
            },
            bars
            | {
                "x": [-value for value in left],
                "text": [number(value) for value in left],
                "customdata": left,
                "marker": {"color": [charts.faded(colour, 0.55) for colour in colours]},
                "hovertemplate": Text(
                    "went out: %{customdata:,}", "流出：%{customdata:,}"
                ),
            },
        ],
        {
            "barmode": "relative",
            "xaxis": {
                "showticklabels": False,
                "showgrid": False,
                "range": [-widest, widest],
            },
            "yaxis": {"tickvals": ranks, "ticktext": names, "autorange": "reversed"},
        },
        height=420,
    )


def moves_table(marts, segments, moves):
    names = {row.rfm_segment: name_of(row) for row in segments}
    names["none"] = Text("not yet a customer", "尚非客户")
    changed = sorted(
        (move for move in moves if move.from_segment != move.to_segment),
        key=lambda move: (-move.customers, move.from_segment, move.to_segment),
    )
    arrow = Text("{before} → {after}", "{before} → {after}")
    return table(
        Text("The ten largest moves", "人数最多的十种变动"),
        [
            Text("from and to", "从 → 到"),
            Text("customers", "客户数"),
            Text("net revenue, {currency}", "净收入（{currency}）").fill(
                currency=marts.currency
            ),
        ],
        [
            (
                arrow.fill(
                    before=names.get(move.from_segment, same(move.from_segment)),
                    after=names.get(move.to_segment, same(move.to_segment)),
                ),
                number(move.customers),
                number(move.net_amount),
            )
            for move in changed[:10]
        ],
    )
