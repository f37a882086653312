"""The page: all sections in their order, put into page.html.jinja."""

import re
from pathlib import Path

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from plotly.offline import get_plotlyjs
from reporting.blocks import Chart, Content, NoData
from reporting.charts import embedded
from reporting.marts import Marts
from reporting.sections import (
    channels,
    cohorts,
    data_quality,
    lifecycle,
    overview,
    predictions,
    products,
    reactivations,
    repurchase_curve,
    rfm,
    season,
    timing,
    value,
)
from reporting.words import Text, bare, day, named, number

SECTIONS = [  # in the order of the page; a section's key is its file's name
    overview,
    cohorts,
    repurchase_curve,
    rfm,
    lifecycle,
    timing,
    value,
    season,
    products,
    channels,
    reactivations,
    predictions,
    data_quality,
]
AS_OF_BY = {  # how an as-of date that was given is meant
    "event": Text("by event date", "按业务日期"),
    "arrival": Text("by arrival", "按数据到达日期"),
}
HERE = Path(__file__).resolve().parent
SHOPS_NAMED = 3


def content_of(section, marts: Marts) -> Content:
    """The section's content; one line instead where its data are absent."""
    try:
        return section.section(marts)
    except NoData as absent:
        return Content(absent.why, [])
    except duckdb.CatalogException as error:  # published before there was such a mart
        name = re.search(r"Table with name (\w+)", str(error))
        if not name:
            raise
        missing = Text(
            "The published file has no table {mart}; build it again.",
            "发布文件中没有表 {mart}，请重新构建。",
        )
        return Content(missing.fill(mart=name.group(1)), [])


def filled_sections(marts: Marts) -> list[dict]:
    """Each section as the template wants it: key, words, blocks with ids, marts."""
    sections = []
    for module in SECTIONS:
        marts.used = []
        content = content_of(module, marts)
        key = module.__name__.rpartition(".")[2]
        sections.append(
            {
                "key": key,
                "title": module.TITLE,
                "question": module.QUESTION,
                "answer": content.answer,
                "blocks": [
                    (f"{key}-{place}", block)
                    for place, block in enumerate(content.blocks, 1)
                ],
                "marts": marts.used,
            }
        )
    return sections


def charts_of(sections: list[dict]) -> dict:
    """Data and layout of every chart by its id, as page.js reads them."""
    return {
        name: embedded(
            {
                "traces": block.traces,
                "layout": block.layout | {"height": block.height},
            }
        )
        for section in sections
        for name, block in section["blocks"]
        if isinstance(block, Chart)
    }


def shops(marts: Marts) -> str:
    """The names of the shops, the first few of many."""
    found = marts.rows("select distinct shop_id from fct_orders order by shop_id")
    names = [row.shop_id for row in found]
    more = len(names) - SHOPS_NAMED
    return ", ".join(names[:SHOPS_NAMED]) + (f", +{more}" if more > 0 else "")


def as_of_by(marts: Marts) -> Text | None:
    """What a given as-of date of these marts leaves out; None where none was given."""
    found = marts.rows(
        "select as_of_by from build_runs where run_id = ("
        "select max_by(published_run_id, run_id) from build_runs "
        "where published_run_id is not null)"
    )
    return AS_OF_BY.get(found[0].as_of_by) if found else None


def render(con) -> str:
    """The whole page from a connection to a published file. Raises duckdb.Error."""
    marts = Marts(con)
    orders = marts.rows("select coalesce(sum(orders), 0) as n from calendar_revenue")
    shop_names = shops(marts)
    sections = filled_sections(marts)
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"bare": bare, "named": named}
    return environment.get_template("page.html.jinja").render(
        shops=shop_names,
        currency=marts.currency or "–",
        as_of=day(marts.as_of),
        as_of_by=as_of_by(marts),
        orders=number(orders[0].n),
        sections=sections,
        charts=charts_of(sections),
        css=(HERE / "page.css").read_text("utf-8"),
        js=(HERE / "page.js").read_text("utf-8"),
        plotly=get_plotlyjs(),
    )
