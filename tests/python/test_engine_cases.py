"""The hand-worked cases on DuckDB; the other engines' tests ask the same ones."""

import duckdb
import engine_cases
from conftest import ROOT

# What no query can ask for, and what tests it on every engine instead.
ELSEWHERE = {
    "create_csv_table": "test_seeds_keep_null_and_quotes",
    "gather_statistics": "test_tables_have_statistics",
    "get_unit_test_sql": "test_every_unit_test",
    "insert_text": "test_any_secret_is_kept_whole",
    "keeps_rows": "test_increments",
    "linked_identifiers": "the unit test a_chain_of_identifiers_is_one_customer",
    "load_csv_rows": "test_seeds_keep_null_and_quotes",
}


def test_names_say_which_case_it_is():
    """No two cases have one name."""
    names = [name for name, _, _ in engine_cases.CASES]
    assert len(set(names)) == len(names)


def test_every_macro_of_an_engine_is_asked_for():
    """A macro that engines do differently has a case."""
    asked = " ".join(expression for _, expression, _ in engine_cases.CASES)
    macros = {path.stem for path in (ROOT / "macros" / "engines").glob("*.sql")}
    assert {name for name in macros if f"{name}(" not in asked} == ELSEWHERE.keys()


def test_duckdb(tmp_path, monkeypatch):
    """DuckDB answers every case as it was worked out by hand."""
    monkeypatch.setenv("REPURCHASE_BUILD_DATABASE", str(tmp_path / "cases.duckdb"))
    assert engine_cases.differences("duckdb") == []


def test_any_secret_is_kept_whole(tmp_path, monkeypatch):
    """Whatever stands in it, and another one takes the place of the one before."""
    database = tmp_path / "secret.duckdb"
    monkeypatch.setenv("REPURCHASE_BUILD_DATABASE", str(database))
    for secret in engine_cases.SECRETS:
        monkeypatch.setenv("REPURCHASE_IDENTITY_SECRET", secret)
        engine_cases.keep_secret("duckdb")
        with duckdb.connect(str(database)) as con:
            found = con.execute("from intermediate.identity_secret").fetchall()
        assert found == [(secret,)]
