"""What a section is made of."""

from dataclasses import dataclass, field
from typing import ClassVar

from reporting.words import EMPTY, Text


class NoData(Exception):
    """Raised in a section whose data are absent; its Text is shown instead."""

    def __init__(self, why: Text):
        super().__init__(why.en)
        self.why = why


@dataclass(frozen=True)
class Tile:
    """A headline number under a key, with what it is and a line below it."""

    key: str
    label: Text
    value: Text
    note: Text = EMPTY


@dataclass(frozen=True)
class Tiles:
    kind: ClassVar = "tiles"
    tiles: list[Tile]


@dataclass(frozen=True)
class Chart:
    """A Plotly figure, see charts.py; `finding` says in words what it shows."""

    kind: ClassVar = "chart"
    title: Text
    finding: Text
    traces: list[dict]
    layout: dict = field(default_factory=dict)
    height: int = 360


@dataclass(frozen=True)
class Picture:
    """An SVG for each language, which holds its own words for screen readers."""

    kind: ClassVar = "picture"
    title: Text
    finding: Text
    svg: Text


@dataclass(frozen=True)
class Table:
    """Made by tables.table."""

    kind: ClassVar = "table"
    title: Text
    html: Text
    note: Text = EMPTY


@dataclass(frozen=True)
class Note:
    """A paragraph."""

    kind: ClassVar = "note"
    text: Text


@dataclass(frozen=True)
class Content:
    """What the function of a section gives: the answer in a sentence, then blocks."""

    answer: Text
    blocks: list
