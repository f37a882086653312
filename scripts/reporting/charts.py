"""Plotly figures as plain dictionaries, and the few rules they share.

A figure may hold Text, dates and decimals anywhere. A colour is the name of one in
page.css, which knows it for light, dark and paper. Text never becomes markup: a line
break is written as "\\n". Fonts, margins, grid and hover boxes are page.js's.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from textwrap import wrap

from markupsafe import Markup, escape
from reporting.words import (
    CHINESE,
    Text,
    bare,
    compact,
    compact_money,
    money,
    number,
    share,
)

BLUE, ORANGE, TEAL, YELLOW, RED, GREY = (
    f"var(--{name})" for name in ("blue", "orange", "teal", "yellow", "red", "grey")
)
INK, SOFT, FAINT, PAPER = (
    f"var(--{name})" for name in ("ink", "soft", "faint", "paper")
)
NEW, RETURNING, GUEST = ORANGE, BLUE, GREY  # kinds of buyers, everywhere
STATES = {  # of the life cycle
    "new": ORANGE,
    "active": BLUE,
    "reactivated": TEAL,
    "at_risk": YELLOW,
    "lapsed": RED,
    "lost": GREY,
}
SEGMENT_COLOURS = 11
SEQUENCE = [[step / 6, f"var(--s{step})"] for step in range(7)]  # little to much
NOT_YET = {"shape": "/", "size": 6, "solidity": 0.4, "fillmode": "overlay"}
MONTHS = Text("%b %Y", "%Y年%-m月")
DAYS = Text("%b %-d, %Y", "%Y年%-m月%-d日")
STACKED_MONTHS = {  # layout of bars that a legend names
    "barmode": "relative",
    "hovermode": "x unified",
    "showlegend": True,
    "xaxis": {"tickformat": MONTHS, "hoverformat": MONTHS},
    "yaxis": {"tickformat": ",.0f"},
}
SHARES = {"tickformat": ".0%", "rangemode": "tozero"}


def faded(colour: str, opacity: float) -> str:
    """The colour with an opacity, as for a band."""
    return colour.replace(")", f", {opacity})")


def segment_colour(rank: int) -> str:
    """The colour of an RFM segment by its segment_rank."""
    return f"var(--segment-{(rank - 1) % SEGMENT_COLOURS + 1})"


def hatched(is_over: list[bool]) -> dict:
    """`marker.pattern` of bars whose period is not over: hatched."""
    shapes = ["" if over else NOT_YET["shape"] for over in is_over]
    return NOT_YET | {"shape": shapes}


def label(x, y, words, colour=INK, **more) -> dict:
    """An annotation that names a line or bar at a point, to the right of it."""
    look = {"showarrow": False, "xanchor": "left", "xshift": 6, "align": "left"}
    return look | {"x": x, "y": y, "text": words, "font": {"color": colour}} | more


def apart(labels: list[dict], gap: float) -> list[dict]:
    """Labels moved up where one would touch the one below, by `gap` on the y axis."""
    moved, floor = [], float("-inf")
    known = [one for one in labels if one["y"] is not None]
    for one in sorted(known, key=lambda one: one["y"]):
        floor = max(one["y"], floor)
        moved.append(one | {"y": floor})
        floor += gap
    return moved


def band(x, low, high, colour) -> list[dict]:
    """Two traces that fill the space between two lines."""
    edge = {"x": x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    fill = {"fill": "tonexty", "fillcolor": faded(colour, 0.16)}
    return [edge | {"y": low}, edge | {"y": high} | fill]


def narrow(name: Text, width: int = 20) -> Text:
    """The name on two lines at most, for an axis; Chinese has half as many letters."""

    def cut(words):
        lines = wrap(words, width // 2 if CHINESE.search(words) else width) or [""]
        return "\n".join(lines[:2]) + ("…" if len(lines) > 2 else "")

    return name.each(cut)


def names_down(names: list[Text]) -> dict:
    """`yaxis` of rows 0, 1, ... from the top, each with its name."""
    return {
        "tickvals": list(range(len(names))),
        "ticktext": names,
        "range": [len(names) - 0.4, -0.6],
        "showgrid": False,
        "zeroline": False,
    }


def bars(names, values, labels, colour=BLUE, hovers=None) -> tuple[list, dict]:
    """Traces and layout of bars to the right, each with its name and its label.

    `colour` may be a list of one for each bar.
    """
    bar = {
        "type": "bar",
        "orientation": "h",
        "x": values,
        "y": list(range(len(names))),
        "text": labels,
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": colour},
    } | (
        {"hovertext": hovers, "hovertemplate": "%{hovertext}"}
        if hovers
        else {"hoverinfo": "skip"}
    )
    room = [1.3 * float(end(0, *values)) for end in (min, max)]  # for the labels
    axis = {"showticklabels": False, "showgrid": False, "range": room}
    return [bar], {"xaxis": axis, "yaxis": names_down(names), "bargap": 0.35}


def sales(names: list[Text], rows: list, currency: str) -> tuple[list, dict]:
    """`bars` of rows with net_amount, orders and customers."""
    hover = Text(
        "{name}\n{amount}\n{orders} orders, {customers} customers",
        "{name}\n{amount}\n{orders} 单，{customers} 位客户",
    )
    hovers = [
        hover.fill(
            name=name,
            amount=money(row.net_amount, currency),
            orders=number(row.orders),
            customers=number(row.customers),
        )
        for name, row in zip(names, rows, strict=True)
    ]
    amounts = [row.net_amount for row in rows]
    labels = [compact(amount) for amount in amounts]
    return bars([narrow(name) for name in names], amounts, labels, hovers=hovers)


def customer_bars(names, rows, colours, currency) -> tuple[list[dict], dict]:
    """`bars` of rows with customers, and the net_amount they have brought in."""
    words = Text("{customers}\n{amount}", "{customers}\n{amount}")
    labels = [
        words.fill(
            customers=number(row.customers),
            amount=compact_money(row.net_amount, currency),
        )
        for row in rows
    ]
    return bars(names, [row.customers for row in rows], labels, colours)


@dataclass(frozen=True)
class Rated:
    """A share of the customers of one name, with its 95 % interval and counts."""

    name: Text
    rate: float
    low: float
    high: float
    hits: int
    customers: int

    def against(self, average: float) -> int:
        """1 where the whole interval lies above the average, -1 below, else 0."""
        return (self.low > average) - (self.high < average)


def forest(rated: list[Rated], average: float) -> tuple[list, dict]:
    """Traces and layout of rates on their intervals, beside the average of all.

    Blue lies clearly above the average and orange below; grey is not told apart.
    """
    colours = {1: BLUE, 0: GREY, -1: ORANGE}
    rows = list(range(len(rated)))
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": [one.rate for one in rated],
        "y": rows,
        "marker": {
            "size": 9,
            "color": [colours[one.against(average)] for one in rated],
        },
        "hovertext": [
            Text(
                "{name}\n{hits} of {of} customers: {rate}\n95 % interval {low}–{high}",
                "{name}\n{of} 位客户中 {hits} 位：{rate}\n95% 置信区间 {low}–{high}",
            ).fill(
                name=one.name,
                hits=number(one.hits),
                of=number(one.customers),
                rate=share(one.rate),
                low=share(one.low),
                high=share(one.high),
            )
            for one in rated
        ],
        "hovertemplate": "%{hovertext}",
    }
    lines = [
        {
            "type": "line",
            "x0": one.low,
            "x1": one.high,
            "y0": row,
            "y1": row,
            "line": {"color": colours[one.against(average)], "width": 2},
        }
        for row, one in zip(rows, rated, strict=True)
    ]
    middle = {
        "type": "line",
        "x0": average,
        "x1": average,
        "y0": -0.5,
        "y1": len(rated) - 0.5,
        "line": {"color": INK, "width": 1, "dash": "dot"},
    }
    labels = [
        label(1, row, words, xref="paper")
        for row, words in enumerate(
            Text("{rate}\n{hits} of {of}", "{rate}\n{of} 人中 {hits}").fill(
                rate=share(one.rate), hits=number(one.hits), of=number(one.customers)
            )
            for one in rated
        )
    ]
    named = Text("all {rate}", "全部 {rate}").fill(rate=share(average))
    labels.append(
        label(average, -0.5, named, SOFT, xanchor="center", yanchor="bottom", xshift=0)
    )
    widest = max([average, *(one.high for one in rated)])
    return [dots], {
        "xaxis": SHARES | {"range": [0, 1.03 * widest]},
        "yaxis": names_down([narrow(one.name) for one in rated]),
        "shapes": [middle, *lines],
        "annotations": labels,
        "margin": {"t": 30, "r": 96},
    }


def embedded(value, key=None):
    """What goes into the page: plain JSON, each Text as {en, zh}, all text escaped."""
    if isinstance(value, Text):
        return {"en": embedded(value.en, key), "zh": embedded(value.zh, key)}
    if isinstance(value, dict):
        return {name: embedded(part, name) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [embedded(part) for part in value]
    if isinstance(value, str):
        words = str(escape(bare(value) if isinstance(value, Markup) else value))
        ending = "<extra></extra>" if key == "hovertemplate" else ""
        return words.replace("\n", "<br>") + ending
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value
