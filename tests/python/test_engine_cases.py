"""The hand-worked cases on DuckDB; the other engines' tests ask the same ones."""

import engine_cases


def test_names_say_which_case_it_is():
    """No two cases have one name."""
    names = [name for name, _, _ in engine_cases.CASES]
    assert len(set(names)) == len(names)


def test_duckdb(tmp_path, monkeypatch):
    """DuckDB answers every case as it was worked out by hand."""
    monkeypatch.setenv("REPURCHASE_BUILD_DATABASE", str(tmp_path / "cases.duckdb"))
    assert engine_cases.differences("duckdb") == []
