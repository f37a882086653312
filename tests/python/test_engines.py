"""What holds on PostgreSQL and Spark alike: the cases, the unit tests, loading, whole
builds, and the parity of every mart with DuckDB's, row by row."""

import json
import re
import shutil
from decimal import Decimal

import duckdb
import engine_cases
import load
import parity
import pytest
import raw_files
import yaml
from conftest import DEMO, FIXTURES, MARTS, ROOT, TABLES, write_shop
from dbt.cli.main import dbtRunner
from test_package import ORDERS, ORDERS_BY_HAND, SALES

pytestmark = pytest.mark.engines
each_engine = pytest.mark.parametrize("engine", ["postgres", "spark"])
SCHEMAS = {"postgres": "select nspname from pg_namespace", "spark": "show schemas"}


@pytest.fixture(scope="session")
def builds(demo, postgres_demo, spark_demo) -> dict:
    """The demo built once on each engine."""
    return {"duckdb": demo, "postgres": postgres_demo, "spark": spark_demo}


def dbt(engine, *arguments, project=ROOT):
    """Run dbt in this process, on the engine's demo."""
    folders = ["--project-dir", str(project), "--profiles-dir", str(project)]
    return dbtRunner().invoke([*arguments, "--quiet", "--target", engine, *folders])


def rows(engine, *queries) -> list[tuple]:
    """Rows of the last query in an engine's own database."""
    module = load.engine(engine)
    if engine == "spark":
        for query in queries:
            found = module.session().sql(query)
        return [tuple(row) for row in found.collect()]
    with module.connected() as connection:
        for query in queries:
            found = connection.execute(query)
        return found.fetchall() if found.description else []


# -- macros and models --


@each_engine
def test_every_case(builds, engine):
    """The engine answers every hand-worked case as DuckDB does."""
    assert engine_cases.differences(engine) == []


@each_engine
def test_any_secret_is_kept_whole(other_shops, engine, monkeypatch):
    """Whatever stands in it, as on DuckDB; the demo's own comes back."""
    for secret in [*engine_cases.SECRETS, "demo-secret"]:
        monkeypatch.setenv("REPURCHASE_IDENTITY_SECRET", secret)
        engine_cases.keep_secret(engine)
        kept = rows(engine, "select * from intermediate.identity_secret")
        assert kept == [(secret,)]


@each_engine
def test_every_unit_test(builds, engine, tmp_path):
    """All unit tests written anywhere under models/ ran on the engine and passed."""
    (tmp_path / "cdnow.txt").write_text(
        "customer_id date number_of_cds dollar_value\n00001 19970101 1 11.77\n"
    )
    exports = {
        "cdnow": tmp_path / "cdnow.txt",
        "online_retail": FIXTURES / "online_retail_2",
        "shopify": FIXTURES / "shopify",
    }
    connectors = {
        "standard": {"entities": list(raw_files.expected_columns("standard"))}
    }
    for connector, path in exports.items():
        loaded = load.load(engine, connector, raw_files.discover(connector, path))
        connectors[connector] = {"entities": list(loaded)}
    assert connectors.keys() == set(raw_files.connectors())
    variables = json.dumps({"connectors": connectors})
    done = dbt(engine, "test", "--select", "test_type:unit", "--vars", variables)
    assert done.success, done.exception or [
        f"{r.node.name}: {r.message}" for r in done.result if r.status != "pass"
    ]
    written = {
        unit_test["name"]
        for path in (ROOT / "models").rglob("*.yml")
        for unit_test in yaml.safe_load(path.read_text("utf-8")).get("unit_tests", [])
    }
    ran = {r.node.name for r in done.result if r.node.resource_type == "unit_test"}
    assert written and ran == written


# -- the marts --


def verified(output: str) -> list[str]:
    """The marts that verify compared and found equal."""
    return [line.split()[1] for line in output.splitlines() if line[:4] == "ok  "]


@each_engine
def test_the_demo_is_verified(builds, engine):
    """Every mart equals what is recomputed from the raw files."""
    assert sorted(verified(builds[engine].output)) == sorted(MARTS)


@each_engine
def test_types_and_comments_are_those_of_duckdb(builds, engine):
    described = (
        "select table_name, column_name, data_type, comment from duckdb_columns() "
        "where schema_name = 'marts' order by all"
    )
    assert builds[engine].rows(described) == builds["duckdb"].rows(described)


@pytest.fixture
def folder(builds, tmp_path):
    """What parity compares: the demo's marts of each engine."""
    for engine, build in builds.items():
        shutil.copy(build.published, tmp_path / f"{engine}_build.duckdb")
    return tmp_path


def run_parity(capfd, title, *arguments) -> tuple[int, str]:
    """Exit code and table of scripts/parity.py; the table is shown at the end too."""
    code = parity.main([*map(str, arguments)])
    printed = capfd.readouterr()
    TABLES[f"parity: {title}"] = printed.out.strip()
    assert code < 2, printed.err
    return code, printed.out


def test_parity_of_the_demo(folder, capfd):
    """Every mart is the same on the three engines."""
    given = ["--no-build", "--folder", folder, "--engines", "duckdb,postgres,spark"]
    code, table = run_parity(capfd, "demo", *given)
    assert code == 0
    assert table.splitlines()[-1] == f"{2 * len(MARTS)} comparisons, 0 with differences"


def test_a_cent_on_one_engine_is_red(folder, capfd, tmp_path):
    """Shares of an order's amounts are cut off on PostgreSQL instead of rounded: a cent
    too much or too little, which parity finds in the lines and in what adds them up."""
    wrong = tmp_path / "project"
    for part in ("models", "macros", "seeds", "tests"):
        shutil.copytree(ROOT / part, wrong / part)
    for part in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(ROOT / part, wrong)
    rule = wrong / "macros/engines/divide_half_away.sql"
    right = "2 * cast(abs({{ numerator }}) as numeric) + {{ denominator }}"
    text = rule.read_text("utf-8")
    assert text.count(right) == 1
    rule.write_text(text.replace(right, right.removesuffix(" + {{ denominator }}")))
    file = folder / "postgres_build.duckdb"
    marts = ["fct_order_items", "product_performance"]

    def build(project):
        models = "int_order_items+,+product_performance"
        given = ["--vars", json.dumps({"marts_schema": load.BUILD_MARTS})]
        done = dbt("postgres", "run", "--select", models, *given, project=project)
        assert done.success
        with duckdb.connect(str(file)) as con:
            for mart in marts:
                con.execute(f"drop table marts.{mart}")
        load.fetch_marts("postgres", marts, file)
        arguments = ["--no-build", "--folder", folder]
        return run_parity(capfd, "demo, a wrong rule on PostgreSQL", *arguments)

    try:
        code, table = build(wrong)
        assert code == 1
        red = [line for line in table.splitlines() if line.startswith("DIFF")]
        assert [line.split()[1:3] for line in red] == [
            [mart, "postgres"] for mart in marts
        ]
        assert "_amount: expected " in table
    finally:
        code, _ = build(ROOT)
    assert code == 0
    TABLES["parity: demo, a wrong rule on PostgreSQL"] = table.strip()


# -- other shops --


@each_engine
@pytest.mark.parametrize(
    "connector, files, options",
    [
        (
            "shopify",
            "shopify",
            ["--currency", "CLP", "--as-of", "2026-06-21", "--as-of-by", "arrival"],
        ),
        ("online_retail", "online_retail_2", []),
    ],
)
def test_flat_exports_are_verified(
    other_shops, build, engine, connector, files, options
):
    """One row per line, one shop after another in the same database."""
    data = ["--connector", connector, "--data", FIXTURES / files]
    found = build("--target", engine, *data, *options)
    assert sorted(verified(found.output)) == sorted(MARTS)


@pytest.mark.parametrize(
    "title, engines, connector, file",
    [
        ("CDNOW sample", "duckdb,postgres,spark", "cdnow", "cdnow/CDNOW_sample.txt"),
        (
            "Online Retail",
            "duckdb,postgres",
            "online_retail",
            "online_retail/online_retail_2010_2011.csv.gz",
        ),
    ],
)
def test_parity_of_real_shops(
    other_shops, real_data, tmp_path, capfd, title, engines, connector, file
):
    """scripts/parity.py as a user runs it, each engine in a process of its own."""
    data = ["--connector", connector, "--data", real_data / file]
    given = ["--engines", engines, "--folder", tmp_path]
    code, table = run_parity(capfd, title, *given, *data)
    assert code == 0
    compared = len(engines.split(",")[1:]) * len(MARTS)
    assert table.splitlines()[-1] == f"{compared} comparisons, 0 with differences"


@each_engine
def test_the_package_in_another_project(other_shops, engine, tmp_path):
    """Ten sales give the numbers worked by hand, in schemas of the other project."""
    project = tmp_path / "corner_store"
    shutil.copytree(FIXTURES / "consumer", project)
    (project / "packages.yml").write_text(f"packages: [{{local: {ROOT}}}]")
    profiles = yaml.safe_load((ROOT / "profiles.yml").read_text("utf-8"))
    outputs = {engine: profiles["repurchase"]["outputs"][engine] | {"schema": "dev"}}
    (project / "profiles.yml").write_text(
        yaml.safe_dump({"corner_store": {"target": engine, "outputs": outputs}})
    )
    columns = "number integer, card varchar(9), sold_at timestamp, state varchar(99)"
    columns += ", currency varchar(3), total decimal(10, 2), rebate decimal(10, 2)"
    sales = re.sub(r"'(2024-[^']+)'", r"timestamp '\1:00'", SALES)
    rows(
        engine,
        "create schema my_shop",
        f"create table my_shop.sales ({columns})",
        f"insert into my_shop.sales values {sales}",
    )
    assert dbt(engine, "deps", project=project).success
    done = dbt(engine, "build", "--exclude", "test_type:unit", project=project)
    assert done.success, done.exception or [
        f"{r.node.name}: {r.message}" for r in done.result if r.status != "success"
    ]
    assert rows(engine, ORDERS) == ORDERS_BY_HAND
    assert rows(engine, "select * from dev.regulars order by customer_id") == [
        ("A", 2, Decimal("135.00")),
        ("C", 2, Decimal("90.00")),
    ]
    schemas = {name for (name,) in rows(engine, SCHEMAS[engine]) if "dev" in name}
    assert schemas == {"dev", "dev_intermediate", "dev_marts", "dev_rules"}


# -- raw files --

ODD = [
    'a "quoted", text',
    "two\nlines",
    "two\r\nlines",
    "tab\tand back\\slash \\N \\.",
    "NULL",
    " blanks ",
    "复购 😀 é",
    "'apostrophe'",
    "",
]


@each_engine
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_files_load_as_on_duckdb(other_shops, tmp_path, monkeypatch, engine, kind):
    """The raw tables hold the same columns and texts, NULL where DuckDB has NULL."""
    monkeypatch.setenv("REPURCHASE_BUILD_DATABASE", str(tmp_path / "raw.duckdb"))
    orders = [
        {
            "order_id": str(number),
            "customer_id": text,
            "ordered_at": "2024-05-01",
            "status": "paid",
            "currency": "CNY",
            "gross_amount": "1.00",
            "x_note": text,
        }
        for number, text in enumerate(ODD)
    ]
    shop = write_shop(tmp_path / "shop", orders=orders)
    if kind == "parquet":
        duckdb.execute(
            "copy (select * replace (order_id::bigint as order_id, "
            "ordered_at::timestamptz as ordered_at, gross_amount::double as "
            f"gross_amount) from read_csv('{shop}/orders.csv', all_varchar = true, "
            f"quote = '\"', delim = ',')) to '{shop}/orders.parquet'"
        )
        (shop / "orders.csv").unlink()
    files = raw_files.discover("standard", shop)
    loaded = {name: load.load(name, "standard", files) for name in ("duckdb", engine)}
    assert loaded["duckdb"] == loaded[engine] == {"orders": len(ODD)}
    with duckdb.connect(str(tmp_path / "raw.duckdb")) as con:
        con.execute("set TimeZone = 'UTC'")
        expected = con.execute(
            "select columns(*)::varchar from raw_standard.orders order by order_id"
        )
        names = ", ".join(column[0] for column in expected.description)
        expected = expected.fetchall()
    query = f"select {names} from raw_standard.orders order by order_id"
    assert rows(engine, query) == expected
    assert load.values(engine, "standard", "orders", "currency") == ["CNY"]


@each_engine
def test_seeds_keep_null_and_quotes(builds, engine):
    """dbt-spark's own seeds would write None and stop at an apostrophe."""
    query = "select count(*), count(email) from demo.demo_customers"
    with duckdb.connect() as con:
        ((all_rows, emails),) = con.execute(
            "select count(*), count(email) from read_csv(?, all_varchar = true)",
            [str(DEMO / "demo_customers.csv")],
        ).fetchall()
    assert rows(engine, query) == [(all_rows, emails)] and all_rows > emails
