"""The documentation says what the code does, and nothing is left undescribed."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import reliability
import yaml
from reporting import cohort_picture
from reporting.marts import Marts

import docs

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
README_ZH = (ROOT / "README.zh-CN.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
PAGES = [
    *(ROOT / name for name in ("README.md", "README.zh-CN.md")),
    *(ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
CHECKED = {
    "orders": "orders/int_orders_checked.sql",
    "order_items": "orders/int_order_items_read.sql",
    "order_lines": "lines/int_order_lines_checked.sql",
    "refunds": "orders/int_refunds_checked.sql",
    "products": "products/int_products_checked.sql",
    "customers": "customers/int_customers_checked.sql",
}
MODULES = {"recompute.py"}  # scripts that no one runs


def read(path: Path) -> str:
    return path.read_text("utf-8")


def models_in(folder: str) -> dict[str, dict]:
    """What the yml files of a models folder say of each model."""
    found = {}
    for path in (ROOT / "models" / folder).rglob("*.yml"):
        for model in (yaml.safe_load(read(path)) or {}).get("models", []):
            assert model["name"] not in found, f"{model['name']} is described twice"
            found[model["name"]] = model
    return found


def sql_names(folder: str) -> set[str]:
    return {path.stem for path in (ROOT / "models" / folder).rglob("*.sql")}


def reasons_in(entity: str) -> list[str]:
    """Reason codes in the order in which the model of an entity checks them."""
    sql = read(ROOT / "models" / "intermediate" / CHECKED[entity])
    checks = sql.split(" as reason_code")[0]
    codes = re.findall(r"then\s+'([a-z_]+)'", checks)
    return ["unreadable_*" if code == "unreadable_" else code for code in codes]


def known_reasons() -> set[str]:
    with open(ROOT / "seeds/rules/reason_codes.csv", encoding="utf-8") as seed:
        return {row["reason_code"] for row in csv.DictReader(seed)}


# -- made parts --


@pytest.mark.parametrize("name", docs.tables())
@pytest.mark.parametrize(("language", "page"), docs.PAGES.items())
def test_table_is_what_the_yml_says(name, language, page):
    part = {name: docs.tables(language)[name]}
    assert docs.changed_parts(read(ROOT / page), part) == [], "run `make readme`"


def test_console_and_picture_are_of_the_demo(demo, capsys):
    """`docs.py --check` finds nothing to change against a fresh build of the demo."""
    assert docs.main(["--check", "--published", str(demo.published)]) == 0, (
        f"run `make readme`: {capsys.readouterr().out}"
    )


def test_console_is_what_build_prints(demo):
    """Line by line, but for the path and how long it took."""
    places = ("published", "report", "took")

    def figures(lines):
        return [line for line in lines if not line.startswith(places)]

    shown = figures(docs.console(demo.published, README).splitlines()[3:-1])
    assert figures(demo.output.splitlines())[-len(shown) :] == shown
    assert len(shown) > 10


def test_picture_shows_no_open_cell_as_a_figure(demo):
    """Hatched cells are the immature ones of the mart, coloured ones the mature."""
    with docs.connect_demo(demo.published) as con:
        svg = cohort_picture.repurchase_picture(Marts(con), "en", docs.SHOP)
    cells = demo.rows(
        "select is_mature from cohort_retention where period_type = '30_days' "
        "and period_number < ? and cohort_start in (select distinct cohort_start "
        "from cohort_retention where period_type = '30_days' order by 1 desc limit ?)",
        cohort_picture.AGES,
        cohort_picture.COHORTS,
    )
    mature = sum(is_mature for (is_mature,) in cells)
    assert (
        svg.count("url(#repurchase-by-cohort-en-hatch)") == len(cells) - mature + 1
    )  # and one in the legend
    assert len(re.findall(r"<title>\d{4}-\d\d, age", svg)) == mature


def test_check_names_what_would_change(demo, monkeypatch, tmp_path, capsys):
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(README.replace("| `fct_orders` |", "| x |"))
    (tmp_path / "README.zh-CN.md").write_text(README_ZH.replace("`null`", "`none`"))
    for name in ("models", "seeds", "dbt_project.yml", "docs/benchmarks.json"):
        (tmp_path / name).symlink_to(ROOT / name)
    page = read(ROOT / "docs/benchmarks.md").replace(
        "<!-- end: growth", "x\n<!-- end: growth"
    )
    (tmp_path / "docs/benchmarks.md").write_text(page)
    monkeypatch.setattr(docs, "PROJECT", tmp_path)
    arguments = ["--check", "--published", str(demo.published)]
    assert docs.main(arguments) == 1
    assert capsys.readouterr().out.splitlines() == [
        "would change README.md: marts",
        "would change README.zh-CN.md: vars",
        "would change docs/cohorts.svg",
        "would change docs/cohorts.zh-CN.svg",
        "would change docs/benchmarks.md",
        "would change docs/benchmarks.svg",
    ]
    assert docs.main(arguments[1:]) == 0
    assert read(tmp_path / "README.md") == README
    assert read(tmp_path / "README.zh-CN.md") == README_ZH
    assert docs.main(arguments) == 0


def test_only_the_demo_is_drawn(build_shop, capsys):
    """Own data never reach the README."""
    own = build_shop(
        orders=[
            {
                "order_id": "1",
                "customer_id": "a",
                "ordered_at": "2024-05-01",
                "status": "paid",
                "currency": "CNY",
                "gross_amount": "10",
            }
        ]
    )
    assert docs.main(["--published", str(own.published)]) == 2
    assert "is not the demo" in capsys.readouterr().err


def test_without_a_build_it_says_so(tmp_path, capsys):
    assert docs.main(["--check", "--published", str(tmp_path / "none.duckdb")]) == 2
    error = capsys.readouterr().err
    assert "run `make build` first" in error and error.count("\n") == 1


def test_reliability_is_told_of_every_proof():
    """What was measured is in the table, with every figure that its words name."""
    measured = json.loads(read(docs.RELIABILITY))
    assert set(measured) <= set(docs.PROOFS)
    for language in docs.PAGES:
        table = docs.reliability_table(language)
        assert table.count("\n| ") == 1 + len(measured) and "{" not in table


def test_figures_of_a_failed_proof_are_not_noted(tmp_path, monkeypatch):
    """Those of one that passed are, lists by their length, with the day."""
    monkeypatch.setattr(reliability, "LEFT", tmp_path)
    (tmp_path / "old.json").write_text("{}")

    def run(command, env, **_):
        name = Path(command[-1]).stem
        variable, count = reliability.TESTS[f"{name}.py"]
        assert env[variable] == str(count)
        figures = {"mutants": 60, "survivors": ["one"], "name": name, "by": {}}
        (tmp_path / f"{name}.json").write_text(json.dumps(figures))
        return subprocess.CompletedProcess(command, int(name == "test_faults"))

    monkeypatch.setattr(reliability.subprocess, "run", run)
    files = ["test_faults.py", "test_project_mutations.py"]
    assert reliability.run_tests(files) == ["test_faults.py"]
    known = {"test_faults": {"kills": 1}}
    assert reliability.gathered(known, "2024-05-01") == known | {
        "test_project_mutations": {
            "mutants": 60,
            "survivors": 1,
            "measured_on": "2024-05-01",
        }
    }


# -- the Chinese README --


def sections(readme: str) -> list[str]:
    """The texts between the headings of a README, made parts left out."""
    written = re.sub(r"(?s)<!-- made by .*?<!-- end: .*? -->", "", readme)
    blockless = re.sub(r"(?sm)^```.*?^```$", "", written)
    return re.split(r"(?m)^#+ .*$", blockless)


def test_chinese_readme_has_the_same_headings_and_blocks():
    def headings(readme):
        blockless = re.sub(r"(?sm)^```.*?^```$", "", readme)
        return [len(marks) for marks in re.findall(r"(?m)^(#+) ", blockless)]

    def blocks(readme):
        return re.findall(r"(?sm)^```.*?^```$", readme)

    assert headings(README_ZH) == headings(README)
    assert blocks(README_ZH) == blocks(README)


@pytest.mark.parametrize("number", range(len(sections(README))))
def test_chinese_readme_names_the_same_things(number):
    """Section by section: names and commands, links, rows of tables, points."""
    english, chinese = (sections(readme)[number] for readme in (README, README_ZH))

    def names(text):
        return set(re.findall(r"`[^`]+`", " ".join(text.split())))

    def links(text):
        paths = re.findall(r"\]\(([^)\s]+)\)", text)
        paths = [path.split("#")[0].replace(".zh-CN.", ".") for path in paths]
        return sorted(path for path in paths if "README" not in path)

    def lines(text, mark):
        return sum(line.startswith(mark) for line in text.splitlines())

    assert names(chinese) == names(english)
    assert links(chinese) == links(english)
    for mark in ("| ", "- ", "**", "!["):
        assert lines(chinese, mark) == lines(english, mark), mark


def test_chinese_tables_have_the_same_keys_and_figures():
    """Tables, columns, vars and models in the same order; the same figures of them."""

    def made(readme, name):
        return readme.split(f"scripts/docs.py: {name} -->")[1].split("<!-- end")[0]

    names = re.findall(r"<!-- made by scripts/docs.py: (.*) -->", README)
    assert names == re.findall(r"<!-- made by scripts/docs.py: (.*) -->", README_ZH)
    for name in names:
        english, chinese = (made(readme, name) for readme in (README, README_ZH))
        for pattern in (r"(?m)^\| (`\w+`|\*\*\w+\*\*) \|", r"\d\.\d{3}"):
            said = re.findall(pattern, english)
            assert re.findall(pattern, chinese) == said, name


def test_what_is_said_in_chinese_is_chinese():
    """Every mart, input column, connector and var has Chinese words of its own."""
    for name, table in docs.tables("zh").items():
        for row in table.splitlines():
            if row.startswith("| `"):
                assert re.search(r"[\u4e00-\u9fff]", row), f"{name}: {row}"
    for name, model in models_in("marts").items():
        assert model["config"]["meta"]["question_zh"].endswith("？"), name


# -- nothing is left undescribed --


def test_every_macro_is_described():
    """By name, with the arguments it has."""
    said = {}
    for macro in yaml.safe_load(read(ROOT / "macros/_macros.yml"))["macros"]:
        assert macro["description"].strip()
        said[macro["name"]] = [a["name"] for a in macro.get("arguments", [])]
    has = {}
    for path in (ROOT / "macros").rglob("*.sql"):
        for name, given in re.findall(r"{%-? macro (\w+)\((.*?)\)", read(path)):
            if "__" not in name or name in said:  # not every engine's version
                names = [a.split("=")[0].strip() for a in given.split(",")]
                has[name] = [a for a in names if re.fullmatch(r"\w+", a)]
    assert said == has


@pytest.mark.parametrize("folder", ["staging", "intermediate", "marts"])
def test_every_model_is_described_by_its_grain(folder):
    described = models_in(folder)
    assert set(described) == sql_names(folder)
    for name, model in described.items():
        if not name.endswith("_unioned"):
            assert model["description"].startswith("One row "), name


def test_every_mart_says_its_question_and_grain():
    for name, model in models_in("marts").items():
        assert model["description"].count(" Question - ") == 1, name
        assert model["description"].endswith("?"), name
        assert "unique_grain" in model["data_tests"][0], name
        for column in model["columns"]:
            assert column["description"].strip(), f"{name}.{column['name']}"
        assert f"`{name}`" in README


@pytest.mark.parametrize("entity", CHECKED)
def test_reasons_are_known(entity):
    """Each code a check gives stands in the seed, for every column that can be it."""
    known = known_reasons()
    codes = set(reasons_in(entity)) - {"unreadable_*"}
    assert codes and codes <= known
    listed = [read(path) for path in (ROOT / "models/staging").rglob("*.sql")]
    for sql in listed:
        renamed = re.findall(r"when '\w+' then '(\w+)'", sql)
        own = re.findall(r"unreadable_column\(\[(.*?)\]\) }}\s+as unread", sql, re.S)
        plain = [name for names in own for name in re.findall(r"'(\w+)'", names)]
        assert {f"unreadable_{name}" for name in renamed + plain} <= known


def test_warnings_are_known():
    codes = set(re.findall(r"then '(\w+)'", read(ROOT / "macros/warning_code.sql")))
    assert codes == {"no_lines", "lines_differ", "discount_exceeds_gross"}
    assert codes <= known_reasons()


@pytest.mark.parametrize("entity", CHECKED)
def test_decision_2_lists_the_reasons_in_their_order(entity):
    decision = read(ROOT / "docs/decisions/0002-orders-and-rejects.md")
    (row,) = re.findall(rf"^ *\| `{entity}` \| (.*) \|$", decision, re.MULTILINE)
    assert re.findall(r"`([a-z_*]+)`", row) == reasons_in(entity)


def test_connector_settings_are_in_the_readme():
    used = set()
    for path in [*(ROOT / "models").rglob("*.sql"), *(ROOT / "macros").rglob("*.sql")]:
        used |= set(re.findall(r"setting\([\w']+, '(\w+)'", read(path)))
    assert used
    for name in used:
        assert f"`{name}`" in README, name


def test_rule_seeds_are_in_the_readme():
    for path in (ROOT / "seeds/rules").glob("*.csv"):
        assert f"`{path.name}`" in README, path.name


def scripts() -> list[str]:
    return sorted(path.name for path in (ROOT / "scripts").glob("*.py"))


@pytest.mark.parametrize("name", scripts())
def test_every_script_is_mentioned_and_helps(name):
    assert name in README + CONTRIBUTING
    code = read(ROOT / "scripts" / name)
    first = code.split("\n")[0].strip('"')
    assert code.startswith('"""') and first
    if name in MODULES or "def main(" not in code:
        return
    shown = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / name), "--help"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert shown.returncode == 0, shown.stderr
    assert " ".join(first.split()) in " ".join(shown.stdout.split())


# -- who reads the marts --


def marts_of_exposure(name: str) -> set[str]:
    exposures = yaml.safe_load(read(ROOT / "models/exposures.yml"))["exposures"]
    (found,) = [one for one in exposures if one["name"] == name]
    return set(re.findall(r"ref\('(\w+)'\)", " ".join(found["depends_on"])))


def test_exposure_of_the_exports_is_every_mart():
    assert marts_of_exposure("exports") == sql_names("marts")


def test_exposure_of_the_report_is_what_it_reads():
    """Every mart that a query of the report names."""
    scripts = ROOT / "scripts"
    files = [scripts / "report.py", *(scripts / "reporting").rglob("*.py")]
    queries = "\n".join(read(path) for path in files)
    named = set(re.findall(r"\b(?:from|join) (?:marts\.)?(\w+)", queries))
    assert marts_of_exposure("report") == named & sql_names("marts")


# -- BI pages --


BI_PAGES = sorted((ROOT / "docs" / "bi").glob("*.md"))
NOT_COLUMNS = {"read_only"}  # words with an underscore that are a tool's own


@pytest.mark.parametrize("page", BI_PAGES, ids=lambda page: page.name)
def test_tables_and_columns_on_bi_pages_exist(page):
    """On a line that names tables, the columns are theirs; elsewhere, any table's."""
    columns = {
        name: {column["name"] for column in model["columns"]}
        for name, model in models_in("marts").items()
    }
    any_column = set().union(*columns.values())
    found = 0
    for line in read(page).splitlines():
        words = re.findall(r"`([a-z_]+)(?:\.([a-z_]+))?`", line)
        tables = {name for name, column in words if not column and name in columns}
        known = set().union(*(columns[table] for table in tables)) or any_column
        for first, second in words:
            if second:
                assert second in columns[first], f"{first}.{second}"
            elif first not in tables and first not in NOT_COLUMNS and "_" in first:
                assert first in known, f"{first}: {line[:60]}"
                found += 1
        for table, column in re.findall(r"\b([a-z_]+)\[([a-z_]+)\]", line):  # DAX
            assert column in columns[table], f"{table}[{column}]"
    assert found >= 3


# -- links and places --


def anchor(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_resolve(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", read(page)):
        if target.startswith("https://"):
            continue
        path, _, place = target.partition("#")
        linked = page.parent / path if path else page
        assert linked.exists(), f"{page.name} links to {target}"
        if place:
            headings = re.findall(r"^#+ (.+)$", read(linked), re.MULTILINE)
            assert place in map(anchor, headings), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_places_named_exist(page):
    """Files and folders of the project that a page names in backquotes are there."""
    for name in re.findall(
        r"`((?:models|seeds|macros|scripts|docs|tests)/[\w/.]+)`", page
    ):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"make ([a-z]+)`", page):
        assert re.search(rf"^{name}:", read(ROOT / "Makefile"), re.MULTILINE), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_absolute_paths(page):
    assert not re.findall(
        r"(?<![\w.:/<])/(?:home|root|tmp|work|usr|Users)\b", read(page)
    )
