"""Make the generated parts of README.md and the picture docs/cohorts.svg.

The tables come from the yml files, the console block and the picture from the
published demo, one report card from a published CDNOW sample where it is given. A
generated part stands between `<!-- made by scripts/docs.py: NAME -->` and
`<!-- end: NAME -->`; the rest of the README is never touched.
Exit code 0: done, or nothing to change; 1: `--check` found changes; 2: no demo.
"""

import argparse
import csv
import json
import re
import sys
from html import escape
from pathlib import Path

import duckdb
import yaml

PROJECT = Path(__file__).resolve().parent.parent
CONTRACT = PROJECT / "models" / "intermediate" / "contract"
ENTITIES = ["orders", "order_items", "products", "customers", "refunds"]
SUBJECTS = {
    "core": "Facts",
    "rfm": "RFM",
    "cohorts": "Cohorts and repurchase rates 同期群与复购率",
    "timing": "Timing 购买周期",
    "lifecycle": "Life cycle, churn and return 生命周期、流失与回流",
    "value": "Value and season 价值与季节",
    "products": "Products 商品",
    "channels": "Channels 渠道",
    "prediction": "Prediction 预测",
    "profile": "Profile 用户画像",
    "audit": "Audit",
}

METRICS = {  # of prediction_evaluation, and their titles
    "rmse": "RMSE",
    "poisson_deviance": "Poisson deviance",
    "bias": "bias",
    "brier": "Brier",
    "auc": "AUC",
    "top_decile_capture": "bought by the top tenth",
    "false_alarm_rate": "false alarms",
}
COHORTS = 18  # rows of the picture, the youngest ones
AGES = 13  # columns: 30-day ages 0 to 12
WINDOW = 90  # days of the rate at the right
STEP = 10  # percentage points per colour
STEPS = 7


class DemoError(Exception):
    """Why the published file can not be drawn from, in one line."""


# -- tables, from yml --


def table(head: list[str], rows) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    cells = ([str(cell).replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def read_yaml(path: Path):
    return yaml.safe_load(path.read_text("utf-8"))


def marts_tables() -> str:
    """Table, grain and question of every mart by subject, from its description."""
    parts = []
    for subject, title in SUBJECTS.items():
        path = PROJECT / "models" / "marts" / subject / f"_{subject}__models.yml"
        rows = []
        for model in read_yaml(path)["models"]:
            text = " ".join(model["description"].split())
            grain, question = text.removeprefix("One row per ").split(" Question - ")
            question = question[0].upper() + question[1:]
            rows.append((f"`{model['name']}`", grain.rstrip("."), question))
        head = [title, "one row per", "question it answers"]
        parts.append(table(head, rows))
    return "\n\n".join(parts)


def contract_table(entity: str) -> str:
    """The columns of an entity that a shop supplies."""
    columns = read_yaml(CONTRACT / f"{entity}.yml")["models"][0]["columns"]
    rows = []
    for column in columns:
        if given := column.get("meta", {}).get("input"):
            rows.append(
                (
                    f"`{given.get('name', column['name'])}`",
                    "required" if given["required"] else "",
                    input_type(column["name"], column["data_type"]),
                    given.get("meaning", column["description"]),
                    f"`{given['example']}`",
                )
            )
    return table(["column", "", "type", "meaning", "example"], rows)


def input_type(name: str, data_type: str) -> str:
    """The type of a contract column in the words of somebody who fills it in."""
    if name.endswith("_hash"):
        return "text"
    words = {"string": "text", "timestamp": "time", "date": "day"}
    return words.get(data_type, "number")


def optional_contracts() -> str:
    """The optional entities, each folded away."""
    parts = [
        f"<details><summary><code>{entity}</code></summary>\n\n"
        f"{contract_table(entity)}\n\n</details>"
        for entity in ENTITIES[1:]
    ]
    return "\n\n".join(parts)


def connectors_table() -> str:
    """What every connector reads and which columns it can not do without."""
    rows = []
    for path in sorted((PROJECT / "models" / "staging").glob("*/_*__sources.yml")):
        source = read_yaml(path)["sources"][0]
        needed = [
            " or ".join(f"`{header}`" for header in column["meta"]["headers"])
            for column in source["tables"][0].get("columns", [])
            if column["meta"]["required"]
        ]
        needed = ", ".join(needed) or "those marked required in the contract below"
        rows.append((f"`{source['name']}`", source["description"].strip(), needed))
    return table(["connector", "reads", "columns it needs"], rows)


def vars_table() -> str:
    """Every var of dbt_project.yml with its default and its comment there."""
    path = PROJECT / "dbt_project.yml"
    defaults = read_yaml(path)["vars"]
    lines = path.read_text("utf-8").split("\nvars:\n")[1].split("\n\nmodels:")[0]
    rows, why = [], ""
    for line in lines.splitlines():
        if found := re.match(r"  (\w+):.*?(?: # (.*))?$", line):
            name, comment = found.groups()
            why = comment or why  # a var without a comment shares the one above
            rows.append((f"`{name}`", var_text(defaults[name]), why))
    return table(["var", "default", "what it is"], rows)


def var_text(value) -> str:
    if isinstance(value, dict):
        return ", ".join(f"`{key}`" for key in value)
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def tables() -> dict[str, str]:
    """The parts of the README that need no database, by name."""
    return {
        "marts": marts_tables(),
        "orders": contract_table("orders"),
        "optional entities": optional_contracts(),
        "connectors": connectors_table(),
        "vars": vars_table(),
    }


# -- console block, from the demo --


def console(published: Path, readme: str) -> str:
    """What `make build` prints at its end; how long it took stays as it stands."""
    import build  # needs dbt, which the tables do without

    currency = read_yaml(PROJECT / "dbt_project.yml")["vars"]["reporting_currency"]
    lines = build.summary(published, currency, {}).splitlines()
    took = re.search(r"^took .*$", readme, re.MULTILINE)
    shown = [
        line.replace(str(published), "warehouse/repurchase.duckdb") for line in lines
    ]
    if took:
        shown[-1] = took.group()
    return "\n".join(["```console", "$ make build", "...", *shown, "```"])


def connect_demo(published: Path):
    """A reader of the published demo; DemoError when there is none."""
    if not published.is_file():
        raise DemoError(f"there is no {published}; run `make build` first")
    con = duckdb.connect(str(published), read_only=True)
    with open(PROJECT / "seeds" / "demo" / "demo_orders.csv", encoding="utf-8") as seed:
        demo = [("standard", sum(1 for _ in csv.reader(seed)) - 1)]
    found = con.execute(
        "select connector, raw_rows from marts.source_reconciliation "
        "where entity = 'orders'"
    ).fetchall()
    if found != demo:
        raise DemoError(
            f"{published} is not the demo; run `make build` without own data"
        )
    return con


# -- report card of the predictions, from any published file --


def report_card(con) -> str:
    """Every model and rule of thumb at the latest origin, by rising RMSE."""
    origin, customers = con.execute(
        "select origin, customers from marts.prediction_evaluation "
        "order by origin desc limit 1"
    ).fetchone()
    found = con.execute(
        "select model, is_baseline, metric, value, ci_low, ci_high "
        "from marts.prediction_evaluation where origin = ?",
        [origin],
    ).fetchall()
    cells = {(model, metric): rest for model, _, metric, *rest in found}
    models = sorted(
        {(model, is_rule) for model, is_rule, *_ in found},
        key=lambda row: (cells[row[0], "rmse"][0], row[0]),
    )
    rows = [
        [f"{model}" if is_rule else f"**{model}**"]
        + [measured(*cells[model, metric]) for metric in METRICS]
        for model, is_rule in models
    ]
    said = f"{customers:,} customers, the 90 days after {origin}, 95 % intervals:"
    return f"{said}\n\n{table(['', *METRICS.values()], rows)}"


def measured(value, low, high) -> str:
    return "" if value is None else f"{value:.3f} ({low:.3f} to {high:.3f})"


# -- picture, from the demo --

STYLE = """
  :root { --paper: #ffffff; --ink: #1f2937; --soft: #5b6675; --faint: #c9d1da;
    --bar: #b8c2cd; --on-pale: #14263b; --on-middle: #0d1b2a; --on-strong: #ffffff;
    --dot: #12508c; --s0: #edf3fa; --s1: #d3e3f3; --s2: #b1cee9; --s3: #86b3dc;
    --s4: #5b97ca; --s5: #2c6cab; --s6: #124a84; }
  @media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --ink: #e6edf3;
    --soft: #9aa7b4; --faint: #3a444f; --bar: #4b5764; --on-pale: #f0f6fc;
    --on-middle: #06101a; --on-strong: #06101a; --dot: #8cbcec; --s0: #142233;
    --s1: #193453; --s2: #204b77; --s3: #2c659c; --s4: #5190cb; --s5: #83b5e4;
    --s6: #bcd9f4; } }
  text { font: 12px -apple-system, "Segoe UI", "Noto Sans", "PingFang SC",
    "Microsoft YaHei", "Noto Sans CJK SC", Helvetica, Arial, sans-serif;
    fill: var(--ink); font-variant-numeric: tabular-nums; }
  .title { font-size: 17px; font-weight: 600; } .head { font-weight: 600; }
  .soft { fill: var(--soft); } .cell { font-size: 11px; }
  .pale { fill: var(--on-pale); } .middle { fill: var(--on-middle); }
  .strong { fill: var(--on-strong); }
  .halo { paint-order: stroke; stroke: var(--paper); stroke-width: 5px; }
"""
INKS = ["pale"] * 4 + ["middle"] + ["strong"] * 2  # by colour step
LEFT, HEAT, CELL, ROW = 24, 172, 34, 20
RATES, RATES_WIDTH, MOST = 654, 190, 60  # right panel: x, width, % at its end
TOP, WIDTH = 116, 880


def text(x, y, words, style="", anchor="start") -> str:
    style = f' class="{style}"' if style else ""
    anchor = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:g}" y="{y:g}"{style}{anchor}>{escape(words)}</text>'


def box(x, y, width, height, fill) -> str:
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="2" '
        f'fill="{fill}"/>'
    )


def line(x1, y1, x2, y2, colour, extra="") -> str:
    return (
        f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" '
        f'stroke="var(--{colour})"{extra}/>'
    )


def rate_cell(column: int, y: float, rate: float, name: str) -> list[str]:
    """A coloured cell with its percentage."""
    step = min(int(rate * 100 // STEP), STEPS - 1)
    x = HEAT + column * CELL
    shape = box(x, y, CELL - 2, ROW - 2, f"var(--s{step})")
    return [
        shape.replace("/>", f"><title>{escape(name)}</title></rect>"),
        text(
            x + CELL / 2 - 1, y + 13, f"{rate:.0%}"[:-1], f"cell {INKS[step]}", "middle"
        ),
    ]


def rate_x(rate: float) -> float:
    return RATES + rate * 100 / MOST * RATES_WIDTH


def interval(y: float, rate: float, low: float, high: float, words: str) -> list[str]:
    """A rate as a dot on its interval, with what it says in words."""
    middle = y + ROW / 2 - 1
    return [
        line(rate_x(low), middle, rate_x(high), middle, "dot", ' stroke-width="1.5"'),
        f'<circle cx="{rate_x(rate):.1f}" cy="{middle:g}" r="4" fill="var(--dot)"/>',
        text(rate_x(high) + 6, y + 13, words, "cell halo"),
    ]


def cohort_row(y: float, cohort, size: int, most: int, cells: dict, rate) -> list[str]:
    """One cohort: its month, its size, its ages and its rate within the window."""
    month = cohort.strftime("%Y-%m")
    shapes = [
        text(LEFT, y + 13, month),
        box(LEFT + 62, y + 3, max(size / most * 48, 1), ROW - 8, "var(--bar)"),
        text(LEFT + 66 + size / most * 48, y + 13, str(size), "cell soft"),
    ]
    for age, (share, repurchasers, is_mature) in sorted(cells.items()):
        if is_mature:
            name = f"{month}, age {age}: {repurchasers} of {size} customers"
            shapes += rate_cell(age, y, share, name)
        else:
            x = HEAT + age * CELL
            shapes.append(box(x, y, CELL - 2, ROW - 2, "url(#hatch)"))
    share, low, high, eligible, is_mature = rate
    if is_mature:
        return shapes + interval(y, share, low, high, f"{share:.0%}")
    words = f"open: {eligible} of {size} have had {WINDOW} days"
    return [*shapes, text(RATES, y + 13, words, "cell soft halo")]


def legend(y: float) -> list[str]:
    shapes = []
    for step in range(STEPS):
        x = HEAT + step * CELL
        shapes += [
            box(x, y, CELL - 2, 10, f"var(--s{step})"),
            text(x, y + 24, f"{step * STEP}", "cell soft", "middle"),
        ]
    x = HEAT + (STEPS + 1) * CELL
    return [
        *shapes,
        text(HEAT + STEPS * CELL, y + 24, "%", "cell soft", "middle"),
        box(x, y, CELL - 2, 10, "url(#hatch)"),
        text(
            x + CELL + 4,
            y + 9,
            "not over for every customer: no figure yet",
            "cell soft",
        ),
    ]


def picture(con) -> str:
    """Cohorts by 30-day ages, their sizes and their rate within the window, as SVG."""
    cells = con.execute(
        "select cohort_start, period_number, cohort_size, cumulative_repurchase_rate, "
        "eligible_repurchasers, is_mature, as_of_date from marts.cohort_retention "
        "where period_type = '30_days' and period_number < ? order by all",
        [AGES],
    ).fetchall()
    rates = con.execute(
        "select cohort_start, repurchase_rate, ci_low, ci_high, eligible_customers, "
        "is_mature, customers, repurchasers from marts.repurchase_rates "
        "where window_days = ?",
        [WINDOW],
    ).fetchall()
    averages = con.execute(
        "select period_number, cumulative_repurchase_rate, cohorts, eligible_customers "
        "from marts.cohort_retention_averages where period_type = '30_days' "
        "and not is_left_censored_excluded and period_number < ? order by all",
        [AGES],
    ).fetchall()
    rate_of = {cohort: tuple(rest) for cohort, *rest in rates}
    overall, low, high, eligible, _, everybody, back = rate_of[None]
    as_of = cells[0][-1]
    cohorts = sorted({row[0] for row in cells})[-COHORTS:]
    size_of = {row[0]: row[2] for row in cells}
    most = max(size_of[cohort] for cohort in cohorts)
    bottom = TOP + len(cohorts) * ROW
    average_y = bottom + 10

    shapes = [
        text(LEFT, 36, "Who comes back, by month of the first purchase", "title"),
        text(WIDTH - LEFT, 36, "同期群累计复购率", "soft", "end"),
        text(
            LEFT,
            58,
            f"Demo shop, {everybody:,} customers, as of {as_of}. In the cells: % of "
            "the cohort with a second purchase day by the end of that age.",
            "soft",
        ),
        text(LEFT, TOP - 26, "first", "head"),
        text(LEFT, TOP - 10, "purchase", "head"),
        text(LEFT + 62, TOP - 10, "customers", "head"),
        text(HEAT, TOP - 26, "age in 30-day steps since the first purchase", "head"),
        text(RATES, TOP - 26, f"second purchase within {WINDOW} days", "head"),
        text(RATES, TOP - 10, "with its 95 % interval", "soft"),
    ]
    for age in range(AGES):
        middle = HEAT + age * CELL + CELL / 2 - 1
        shapes.append(text(middle, TOP - 10, str(age), "cell soft", "middle"))
    dashes = ' stroke-dasharray="2 3"'
    shapes.append(
        line(rate_x(overall), TOP - 4, rate_x(overall), average_y + ROW, "soft", dashes)
    )
    for number, cohort in enumerate(cohorts):
        own = {row[1]: row[3:6] for row in cells if row[0] == cohort}
        y = TOP + number * ROW
        shapes += cohort_row(y, cohort, size_of[cohort], most, own, rate_of[cohort][:5])
    shapes += [
        line(LEFT, bottom + 4, WIDTH - LEFT, bottom + 4, "faint"),
        text(LEFT, average_y + 13, "all mature cohorts", "head"),
    ]
    for age, share, mature, customers in averages:
        name = f"age {age}: {mature} mature cohorts, {customers:,} customers"
        shapes += rate_cell(age, average_y, share, name)
    words = f"{overall:.1%} of {eligible:,}"
    shapes += interval(average_y, overall, low, high, words)
    shapes += legend(average_y + ROW + 18)
    height = average_y + ROW + 56

    summary = (
        f"Of {eligible:,} customers whose {WINDOW} days are over, {back:,} "
        f"({overall:.1%}) bought a second time within them."
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-labelledby="name story">'
    )
    hatch = (
        '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="6" height="6" fill="var(--paper)"/>'
        '<rect width="1.6" height="6" fill="var(--faint)"/></pattern></defs>'
    )
    return "\n".join(
        [
            head,
            '<title id="name">Repurchase by cohort in the demo shop</title>',
            f'<desc id="story">{escape(summary)}</desc>',
            f"<style>{STYLE}</style>",
            hatch,
            box(0, 0, WIDTH, height, "var(--paper)").replace('rx="2"', 'rx="8"'),
            *shapes,
            "</svg>\n",
        ]
    )


# -- putting it together --


def fill(readme: str, parts: dict[str, str]) -> str:
    """The README with the named parts replaced; KeyError when it has no such place."""
    for name, part in parts.items():
        start, end = (
            f"<!-- made by scripts/docs.py: {name} -->",
            f"<!-- end: {name} -->",
        )
        if readme.count(start) != 1 or readme.count(end) != 1:
            raise KeyError(f"README.md must hold '{start}' and '{end}' once each")
        before, rest = readme.split(start)
        after = rest.split(end)[1]
        readme = f"{before}{start}\n{part}\n{end}{after}"
    return readme


def changed_parts(readme: str, parts: dict[str, str]) -> list[str]:
    """Names of the parts that the README does not hold as they should be."""
    return [name for name in parts if fill(readme, {name: parts[name]}) != readme]


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--check", action="store_true", help="write nothing, say what would change")
    add(
        "--published",
        type=Path,
        default=PROJECT / "warehouse" / "repurchase.duckdb",
        help="the published demo (default: warehouse/repurchase.duckdb)",
    )
    add(
        "--cdnow",
        type=Path,
        help="a published file of the CDNOW sample, for its report card "
        "(default: leave it as it stands)",
    )
    args = parser.parse_args(argv)
    readme_path, svg_path = PROJECT / "README.md", PROJECT / "docs" / "cohorts.svg"
    try:
        readme = readme_path.read_text("utf-8")
        with connect_demo(args.published) as con:
            svg = picture(con)
            parts = tables() | {"report card": report_card(con)}
        parts["make build"] = console(args.published, readme)
        if args.cdnow:
            with duckdb.connect(str(args.cdnow), read_only=True) as con:
                parts["report card of CDNOW"] = report_card(con)
        changed = [f"README.md: {name}" for name in changed_parts(readme, parts)]
        filled = fill(readme, parts)
    except (DemoError, OSError, duckdb.Error, KeyError) as error:
        words = error.args[0] if isinstance(error, KeyError) else str(error)
        print(f"docs: {words.splitlines()[0]}", file=sys.stderr)
        return 2
    if not svg_path.is_file() or svg_path.read_text("utf-8") != svg:
        changed.append("docs/cohorts.svg")
    for name in changed:
        print(f"{'would change' if args.check else 'changed'} {name}")
    if args.check:
        return 1 if changed else 0
    readme_path.write_text(filled, "utf-8")
    svg_path.write_text(svg, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
