"""Make the generated parts of both READMEs, docs/benchmarks.md and all docs/*.svg.

The tables come from the yml files, the console block and the cohorts from the
published demo, one report card from a published CDNOW sample where it is given, what
builds cost from docs/benchmarks.json. A generated part stands between
`<!-- made by scripts/docs.py: NAME -->` and `<!-- end: NAME -->`; the rest of a page is
never touched. What the Chinese README says stands beside the English: `..._zh` in the
yml files, a line above each var.
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
from benchmarking import page
from reporting.cohort_picture import repurchase_picture
from reporting.marts import Marts
from reporting.words import Text

PROJECT = Path(__file__).resolve().parent.parent
CONTRACT = PROJECT / "models" / "intermediate" / "contract"
ENTITIES = ["orders", "order_items", "products", "customers", "refunds"]
PAGES = {"en": "README.md", "zh": "README.zh-CN.md"}
PICTURES = {"en": "docs/cohorts.svg", "zh": "docs/cohorts.zh-CN.svg"}
SUBJECTS = {
    "core": ("Facts", "事实表"),
    "rfm": ("RFM", "RFM"),
    "cohorts": ("Cohorts and repurchase rates 同期群与复购率", "同期群与复购率"),
    "timing": ("Timing 购买周期", "购买周期"),
    "lifecycle": (
        "Life cycle, churn and return 生命周期、流失与回流",
        "生命周期、流失与回流",
    ),
    "value": ("Value and season 价值与季节", "价值与季节"),
    "products": ("Products 商品", "商品"),
    "channels": ("Channels 渠道", "渠道"),
    "prediction": ("Prediction 预测", "预测"),
    "profile": ("Profile 用户画像", "用户画像"),
    "audit": ("Audit", "审计"),
}
HEADS = {
    "marts": (["one row per", "question it answers"], ["每行是", "回答的问题"]),
    "contract": (
        ["column", "", "type", "meaning", "example"],
        ["列", "", "类型", "含义", "例"],
    ),
    "connectors": (
        ["connector", "reads", "columns it needs"],
        ["连接器", "读什么", "必需的列"],
    ),
    "vars": (["var", "default", "what it is"], ["var", "默认值", "含义"]),
    "reliability": (["what is tried", "result", "on"], ["试什么", "结果", "日期"]),
}
METRICS = {  # of prediction_evaluation, and their titles
    "rmse": ("RMSE", "RMSE"),
    "poisson_deviance": ("Poisson deviance", "泊松偏差"),
    "bias": ("bias", "偏差"),
    "brier": ("Brier", "Brier"),
    "auc": ("AUC", "AUC"),
    "top_decile_capture": ("bought by the top tenth", "前十分之一客户的购买占比"),
    "false_alarm_rate": ("false alarms", "误报率"),
}
RELIABILITY = PROJECT / "docs" / "reliability.json"
PROOFS = {  # names in it, what is tried, what came of it
    "kills": (
        (
            "`kill -9` of a build at a random moment, with two readers at work",
            "在随机时刻 `kill -9` 正在进行的构建，同时有两个读者在读",
        ),
        (
            "{kills} kills, {reads:,} reads: {reader_errors} errors, {mixed_reads} of "
            "two versions at once; {completed} builds let alone afterwards, all equal "
            "to an undisturbed one",
            "杀死 {kills} 次，读取 {reads:,} 次：{reader_errors} 次出错，"
            "{mixed_reads} 次读到两个版本的混合；"
            "其后不受干扰的 {completed} 次构建都与从未受干扰的相同",
        ),
    ),
    "disk": (
        ("A disk that is full at any point of a build", "构建途中磁盘写满"),
        (
            "{tried} sizes of disk: {whole} times one line, and readers keep what "
            "they have",
            "{tried} 种磁盘大小：{whole} 次都只报一行，读者看到的不变",
        ),
    ),
    "restore": (
        (
            "A build elsewhere from the raw files and a clean clone alone",
            "只用原始文件和干净的克隆在别处重建",
        ),
        (
            "{equal} of {marts} marts equal by hash",
            "{marts} 张结果表中 {equal} 张哈希相同",
        ),
    ),
    "increments": (
        (
            "Random histories of a shop in random batches, against a full rebuild",
            "随机的店铺历史分成随机批次，与全量重建比较",
        ),
        (
            "{histories:,} histories, {batches:,} batches: {differing_tables} tables "
            "differ",
            "{histories:,} 段历史，{batches:,} 个批次：{differing_tables} 张表不同",
        ),
    ),
    "input_mutations": (
        ("Raw files damaged at random", "随机损坏的原始文件"),
        (
            "{tried:,} files: {refused:,} refused with one line, {loaded:,} loaded; "
            "{tracebacks} tracebacks, {unexplained} with unexplained rows or money",
            "{tried:,} 个文件：{refused:,} 个以一行说明拒绝，{loaded:,} 个读入；"
            "{tracebacks} 次异常堆栈，{unexplained} 个有说不清的行或金额",
        ),
    ),
    "project_mutations": (
        (
            "One rule, join or boundary of the SQL flipped",
            "翻转 SQL 中的一条规则、连接或边界",
        ),
        (
            "{mutants} mutants: {caught} caught by tests or `scripts/verify.py`, "
            "{survivors} equal by a reason",
            "{mutants} 个变异：{caught} 个被测试或 `scripts/verify.py` 发现，"
            "{survivors} 个有理由等价",
        ),
    ),
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


def in_language(language: str, pair):
    """The English or the Chinese one of two."""
    return pair[list(PAGES).index(language)]


def marts_tables(language: str) -> str:
    """Table, grain and question of every mart by subject, from its yml."""
    parts = []
    for subject, title in SUBJECTS.items():
        path = PROJECT / "models" / "marts" / subject / f"_{subject}__models.yml"
        rows = []
        for model in read_yaml(path)["models"]:
            rows.append((f"`{model['name']}`", *grain_and_question(model, language)))
        head = [
            in_language(language, title),
            *in_language(language, HEADS["marts"]),
        ]
        parts.append(table(head, rows))
    return "\n\n".join(parts)


def grain_and_question(model: dict, language: str) -> tuple[str, str]:
    """What a row is and what is asked; KeyError names a mart that does not say."""
    if language == "zh":
        meta = model.get("config", {}).get("meta", {})
        if not {"grain_zh", "question_zh"} <= set(meta):
            raise KeyError(f"{model['name']} has no grain_zh or no question_zh")
        return meta["grain_zh"], meta["question_zh"]
    text = " ".join(model["description"].split())
    grain, question = text.removeprefix("One row per ").split(" Question - ")
    return grain.rstrip("."), question[0].upper() + question[1:]


def contract_table(entity: str, language: str) -> str:
    """The columns of an entity that a shop supplies."""
    columns = read_yaml(CONTRACT / f"{entity}.yml")["models"][0]["columns"]
    rows = []
    for column in columns:
        if given := column.get("meta", {}).get("input"):
            required = in_language(language, ("required", "必填"))
            meaning = given.get("meaning", column["description"])
            rows.append(
                (
                    f"`{given.get('name', column['name'])}`",
                    required if given["required"] else "",
                    input_type(column["name"], column["data_type"], language),
                    in_language(language, (meaning, given["meaning_zh"])),
                    f"`{given['example']}`",
                )
            )
    return table(in_language(language, HEADS["contract"]), rows)


def input_type(name: str, data_type: str, language: str) -> str:
    """The type of a contract column in the words of somebody who fills it in."""
    words = {
        "string": ("text", "文本"),
        "timestamp": ("time", "时间"),
        "date": ("day", "日期"),
    }
    if name.endswith("_hash"):
        data_type = "string"
    return in_language(language, words.get(data_type, ("number", "数字")))


def optional_contracts(language: str) -> str:
    """The optional entities, each folded away."""
    parts = [
        f"<details><summary><code>{entity}</code></summary>\n\n"
        f"{contract_table(entity, language)}\n\n</details>"
        for entity in ENTITIES[1:]
    ]
    return "\n\n".join(parts)


def connectors_table(language: str) -> str:
    """What every connector reads and which columns it can not do without."""
    either = in_language(language, (" or ", " 或 "))
    otherwise = (
        "those marked required in the contract below",
        "契约里标为必填的列",
    )
    rows = []
    for path in sorted((PROJECT / "models" / "staging").glob("*/_*__sources.yml")):
        source = read_yaml(path)["sources"][0]
        needed = [
            either.join(f"`{header}`" for header in column["meta"]["headers"])
            for column in source["tables"][0].get("columns", [])
            if column["meta"]["required"]
        ]
        needed = ", ".join(needed) or in_language(language, otherwise)
        reads = (source["description"].strip(), source["meta"]["reads_zh"])
        rows.append((f"`{source['name']}`", in_language(language, reads), needed))
    return table(in_language(language, HEADS["connectors"]), rows)


def vars_table(language: str) -> str:
    """Every var of dbt_project.yml with its default and its comments there.

    The English one is behind it, the Chinese one is the line above.
    """
    path = PROJECT / "dbt_project.yml"
    defaults = read_yaml(path)["vars"]
    lines = path.read_text("utf-8").split("\nvars:\n")[1].split("\n\nmodels:")[0]
    rows, why, above = [], "", ""
    for line in lines.splitlines():
        if found := re.match(r"  (\w+):.*?(?: # (.*))?$", line):
            name, comment = found.groups()
            why = comment or why  # a var without a comment shares the one above
            said = in_language(language, (why, above))
            rows.append((f"`{name}`", var_text(defaults[name]), said))
        above = line.removeprefix("  # ") if line.startswith("  # ") else ""
    return table(in_language(language, HEADS["vars"]), rows)


def var_text(value) -> str:
    if isinstance(value, dict):
        return ", ".join(f"`{key}`" for key in value)
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def reliability_table(language: str) -> str:
    """What the long forms of the tests of reliability found, and when."""
    measured = json.loads(RELIABILITY.read_text("utf-8"))
    rows = [
        (
            in_language(language, tried),
            in_language(language, result).format(**measured[name]),
            measured[name]["measured_on"],
        )
        for name, (tried, result) in PROOFS.items()
        if name in measured
    ]
    return table(in_language(language, HEADS["reliability"]), rows)


def tables(language: str = "en") -> dict[str, str]:
    """The parts of a README that need no database, by name."""
    return {
        "marts": marts_tables(language),
        "orders": contract_table("orders", language),
        "optional entities": optional_contracts(language),
        "connectors": connectors_table(language),
        "vars": vars_table(language),
        "reliability": reliability_table(language),
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


def report_card(con, language: str) -> str:
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
        + [measured(*cells[model, metric], language) for metric in METRICS]
        for model, is_rule in models
    ]
    said = (
        f"{customers:,} customers, the 90 days after {origin}, 95 % intervals:",
        f"{customers:,} 位客户，{origin} 之后的 90 天，95% 区间：",
    )
    head = ["", *(in_language(language, title) for title in METRICS.values())]
    return f"{in_language(language, said)}\n\n{table(head, rows)}"


def measured(value, low, high, language: str) -> str:
    to = in_language(language, ("to", "至"))
    return "" if value is None else f"{value:.3f} ({low:.3f} {to} {high:.3f})"


# -- what builds cost --


def benchmarks() -> dict[str, str]:
    """docs/benchmarks.md with its tables and its picture, from docs/benchmarks.json."""
    folder = PROJECT / "docs"
    known = json.loads((folder / "benchmarks.json").read_text("utf-8"))
    text = (folder / "benchmarks.md").read_text("utf-8")
    return {
        "docs/benchmarks.md": fill(text, page.tables(known)),
        "docs/benchmarks.svg": page.picture(known),
    }


# -- putting it together --


def fill(readme: str, parts: dict[str, str]) -> str:
    """A README with the named parts replaced; KeyError when it has no such place."""
    for name, part in parts.items():
        start, end = (
            f"<!-- made by scripts/docs.py: {name} -->",
            f"<!-- end: {name} -->",
        )
        if readme.count(start) != 1 or readme.count(end) != 1:
            raise KeyError(f"a README must hold '{start}' and '{end}' once each")
        before, rest = readme.split(start)
        after = rest.split(end)[1]
        readme = f"{before}{start}\n{part}\n{end}{after}"
    return readme


def changed_parts(readme: str, parts: dict[str, str]) -> list[str]:
    """Names of the parts that a README does not hold as they should be."""
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
    changed, filled = [], {}
    try:
        readmes = {name: (PROJECT / name).read_text("utf-8") for name in PAGES.values()}
        with connect_demo(args.published) as con:
            pictures = {
                name: repurchase_picture(Marts(con), language, SHOP)
                for language, name in PICTURES.items()
            }
            cards = {language: report_card(con, language) for language in PAGES}
        pictures |= benchmarks()
        if args.cdnow:
            with duckdb.connect(str(args.cdnow), read_only=True) as con:
                cdnow = {language: report_card(con, language) for language in PAGES}
        block = console(args.published, readmes[PAGES["en"]])
        for language, name in PAGES.items():
            parts = tables(language) | {"report card": cards[language]}
            parts["make build"] = block
            if args.cdnow:
                parts["report card of CDNOW"] = cdnow[language]
            changed += [f"{name}: {p}" for p in changed_parts(readmes[name], parts)]
            filled[name] = fill(readmes[name], parts)
    except (DemoError, OSError, duckdb.Error, KeyError) as error:
        words = error.args[0] if isinstance(error, KeyError) else str(error)
        print(f"docs: {words.splitlines()[0]}", file=sys.stderr)
        return 2
    for name, svg in pictures.items():
        path = PROJECT / name
        if not path.is_file() or path.read_text("utf-8") != svg:
            changed.append(name)
    for name in changed:
        print(f"{'would change' if args.check else 'changed'} {name}")
    if args.check:
        return 1 if changed else 0
    for name, made in (filled | pictures).items():
        (PROJECT / name).write_text(made, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
