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
from pathlib import Path

import duckdb
import yaml
from reporting.cohort_picture import repurchase_picture
from reporting.marts import Marts
from reporting.words import Text

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
SHOP = Text("Demo shop", "演示店铺")
PUBLISHED = "warehouse/repurchase.duckdb"


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
    page = published.with_name("report.html")
    lines = build.summary(published, currency, {}, page).splitlines()
    took = re.search(r"^took .*$", readme, re.MULTILINE)
    places = {"published": PUBLISHED, "report": "warehouse/report.html"}
    shown = [
        f"{line[:20]}{places[word]}" if (word := line.split()[0]) in places else line
        for line in lines
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
        default=PROJECT / PUBLISHED,
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
            svg = repurchase_picture(Marts(con), "en", SHOP)
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
