"""An exported mart is the mart, in a file that a spreadsheet opens safely."""

from datetime import date

import duckdb
import export
import openpyxl
import polars as pl
import pytest

PLAIN = ["plain", "", None, "<script>", '良品,"x"']
HOSTILE = ["=1+1", "@cmd", "-2", "a\x07b", *PLAIN]


@pytest.fixture
def published(tmp_path):
    """A file with one mart of awkward values."""
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create schema marts")
        con.execute(
            "create table marts.fct_customers as select "
            "1152921504606846975 as customer_key, date '2024-02-29' as as_of_date, "
            "(-1.25)::decimal(18, 2) as net_amount, 0.5::double as rate, true as yes, "
            "unnest(?) as name",
            [HOSTILE],
        )
        con.execute(
            "comment on column marts.fct_customers.name is 'What it is called.'"
        )
    return path


def run(published, *arguments):
    return export.main([*map(str, arguments), "--published", str(published)])


def test_parquet_is_the_mart(published, tmp_path):
    path = tmp_path / "x.parquet"
    assert run(published, "fct_customers", path) == 0
    with duckdb.connect(str(published), read_only=True) as con:
        mart = con.execute("from marts.fct_customers order by all").fetchall()
    assert pl.read_parquet(path).rows() == mart and len(mart) == len(HOSTILE)


def test_csv_has_a_mark_and_no_formula(published, tmp_path):
    path = tmp_path / "x.csv"
    assert run(published, "fct_customers", path) == 0
    head = b"customer_key,as_of_date,net_amount,rate,yes,name"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf" + head)
    table = pl.read_csv(path)
    assert set(table["name"]) == {"'=1+1", "'@cmd", "'-2", "a\x07b", *PLAIN}
    assert table["customer_key"].to_list() == [2**60 - 1] * len(HOSTILE)
    assert set(table["net_amount"]) == {-1.25}


def test_sheets_hold_values_and_their_meaning(published, tmp_path):
    path = tmp_path / "x.xlsx"
    assert run(published, "fct_customers", path) == 0
    book = openpyxl.load_workbook(path)
    head, *rows = book["fct_customers"].iter_rows()
    assert [cell.value for cell in head][-1] == "name"
    shown = {*HOSTILE, "a\ufffdb"} - {"a\x07b", ""}  # a sheet has no empty text
    assert {row[5].value for row in rows} == shown
    assert not [cell for row in rows for cell in row if cell.data_type == "f"]
    for key, day, amount, rate, yes, _ in rows:
        assert key.value == str(2**60 - 1)
        assert day.value.date() == date(2024, 2, 29)
        assert (amount.value, rate.value, yes.value) == (-1.25, 0.5, True)
    lines = list(book["dictionary"].iter_rows(values_only=True))
    assert lines[0] == ("column", "type", "meaning")
    assert lines[-1] == ("name", "VARCHAR", "What it is called.")


@pytest.mark.parametrize("ending", ["parquet", "csv", "xlsx"])
def test_marts_of_the_demo(demo, tmp_path, ending):
    """As many rows as the mart has, and nothing left beside the file."""
    for mart in ("customer_predictions", "rfm_segments", "repurchase_rates"):
        path = tmp_path / f"{mart}.{ending}"
        rows = demo.rows(f"select count(*) from {mart}")[0][0]
        assert export.export(demo.published, mart, path) == rows > 0
    assert len(list(tmp_path.iterdir())) == 3


def test_a_file_stays_unless_told(published, tmp_path, capsys):
    path = tmp_path / "x.csv"
    path.write_text("mine")
    assert run(published, "fct_customers", path) == 1
    assert path.read_text() == "mine" and "--overwrite" in capsys.readouterr().err
    assert run(published, "fct_customers", path, "--overwrite") == 0
    assert path.read_text() != "mine"


@pytest.mark.parametrize(
    ("mart", "file", "words"),
    [
        ("nothing", "x.csv", "there is no mart nothing; there are fct_customers"),
        ("fct_customers", "x.pdf", "x.pdf ends in none of .parquet, .csv, .xlsx"),
        ("fct_customers", "none/x.csv", "No such file"),
        ("x; drop table y", "x.csv", "there is no mart x; drop table y"),
    ],
)
def test_what_cannot_be_written_is_said(published, tmp_path, capsys, mart, file, words):
    assert run(published, mart, tmp_path / file) == 1
    said = capsys.readouterr().err
    assert words in said and len(said.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shop.duckdb"]


def test_more_rows_than_a_sheet_holds(published, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(export, "MOST_SHEET_ROWS", len(HOSTILE))
    assert run(published, "fct_customers", tmp_path / "x.xlsx") == 1
    assert "export it to CSV" in capsys.readouterr().err
