"""Plotly figures as plain dictionaries, and the few rules they share.

A figure may hold Text, dates and decimals anywhere. A colour is the name of one in
page.css, which knows it for light, dark and paper. Text never becomes markup: a line
break is written as "\\n". Fonts, margins, grid and hover boxes are page.js's.
"""

from datetime import date
from decimal import Decimal

from markupsafe import Markup, escape
from reporting.words import Text, bare, compact_money, number

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


def customer_bars(names, rows, colours, currency) -> tuple[list[dict], dict]:
    """Traces and layout: bars of customers, with the money they have brought in.

    Each row has `customers` and `net_amount`; the first stands on top.
    """
    places = list(range(len(rows)))
    label = Text("{customers}\n{amount}", "{customers}\n{amount}")
    bar = {
        "type": "bar",
        "orientation": "h",
        "x": [row.customers for row in rows],
        "y": places,
        "text": [
            label.fill(
                customers=number(row.customers),
                amount=compact_money(row.net_amount, currency),
            )
            for row in rows
        ],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": colours},
        "hoverinfo": "skip",
    }
    plain = {"showgrid": False, "zeroline": False}
    return [bar], {
        "xaxis": plain | {"showticklabels": False},
        "yaxis": plain
        | {"tickvals": places, "ticktext": names, "autorange": "reversed"},
        "margin": {"r": 80},
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
