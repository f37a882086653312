"""Tables by Great Tables, in both languages, with the looks of page.css."""

import re

import great_tables
import polars as pl
from markupsafe import Markup, escape
from reporting.blocks import Table
from reporting.words import EMPTY, Text, named


def slug(title: Text) -> str:
    """An id from the English title, which no other table of the page may have."""
    return re.sub(r"\W+", "-", title.en.lower())


def table(title: Text, head: list[Text], rows: list, note: Text = EMPTY) -> Table:
    """A table of Texts, one for each of `head`; the first column names the row.

    A number's `<data>` element has the English names of its row and column as key.
    """
    parts = [html(language, title, head, rows) for language in ("en", "zh")]
    return Table(title, Text(*parts), note)


def html(language: str, title: Text, head: list[Text], rows) -> Markup:
    """One language of a table, every word of it escaped here."""
    names = [f"c{column}" for column in range(len(head))]

    def cell(row, place) -> str:
        key = f"{Markup(escape(row[0].en)).striptags()}/{head[place].en}"
        return str(escape(getattr(named(row[place], key), language)))

    cells = [[cell(row, place) for place in range(len(head))] for row in rows]
    frame = pl.DataFrame(cells, schema=dict.fromkeys(names, pl.String), orient="row")
    labels = [great_tables.html(str(escape(getattr(text, language)))) for text in head]
    numeric = [
        name
        for column, name in enumerate(names)
        if any(row[column].exact is not None for row in rows)
    ]
    made = (
        great_tables.GT(frame, rowname_col=names[0], id=f"{slug(title)}-{language}")
        .tab_stubhead(labels[0])
        .cols_label(dict(zip(names[1:], labels[1:], strict=True)))
        .cols_align("left")
        .cols_align("right", columns=numeric)
        .fmt_passthrough(columns=names, escape=False)
        .as_raw_html()
    )
    body = made[made.index("<thead") : made.index("</table>")]
    caption = f"<caption>{escape(getattr(title, language))}</caption>"
    return Markup(f'<table class="gt_table">{caption}{body}</table>')
