"""What is odd about PostgreSQL."""

import pytest
from conftest import MARTS

pytestmark = pytest.mark.engines


def test_texts_sort_by_code_point(postgres_demo):
    """What models sort or take the smallest of does so whatever the database's locale.

    The other columns hold words of the models' own, or dates of NULL.
    """
    import postgres

    with postgres.connected() as connection:
        rows = connection.execute(
            "select distinct attname from pg_attribute "
            "inner join pg_class on pg_class.oid = attrelid "
            "inner join pg_collation on pg_collation.oid = attcollation "
            "where relnamespace = 'intermediate'::regnamespace and attnum > 0 "
            "and collname <> 'pg_c_utf8' and relname <> 'int_exchange_rates'"
        ).fetchall()
    assert {name for (name,) in rows} <= {
        "row_status",
        "entity",
        "period_type",
        "refund_of",
        "dimension",
        "attribute",
        "basis",
        "buyer_type",
        "definition",
        "side",
        "state",
        "status",
        "stratum_type",
        "rfm_segment",
        "base_rfm_segment",
        "unreadable_column",
        "order_id",  # NULL of refunds made from lines
    }


def test_no_server_is_one_line(attempt, monkeypatch):
    """Without a server the build stops at once and says so."""
    monkeypatch.setenv("REPURCHASE_PG_HOST", "127.0.0.1")
    monkeypatch.setenv("REPURCHASE_PG_PORT", "1")
    found = attempt("--target", "postgres")
    assert found.code == 1
    (line,) = found.errors.splitlines()
    assert line.startswith("build: PostgreSQL: connection")


def test_tables_have_statistics(postgres_demo):
    """Every table of the models is planned by its real size."""
    import postgres

    with postgres.connected() as connection:
        tables = connection.execute(
            "select relname, reltuples from pg_class "
            "where relkind = 'r' and relnamespace in "
            "('intermediate'::regnamespace, 'marts'::regnamespace)"
        ).fetchall()
    assert len(tables) > len(MARTS)
    assert [name for name, rows in tables if rows < 0] == []
