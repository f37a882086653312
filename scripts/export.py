"""Write a published mart to a Parquet, CSV or XLSX file, by the ending of its name.

CSV is UTF-8 with a byte order mark, as spreadsheets want it. XLSX has a second sheet
that says what each column means. Exit code 0: written; 1: not; 2: wrong call.
"""

import argparse
import codecs
import os
import shutil
import sys
from pathlib import Path

import duckdb
from publish import literal, quoted

MOST_SHEET_ROWS = 1_048_576  # of a sheet, its head included
LONGEST_NUMBER = 2**53  # a whole number beyond it loses digits in a spreadsheet
FORMULA = "=+-@\t\r"  # text that begins so is run by spreadsheets that open a CSV


class ExportError(Exception):
    """Why nothing was written, in one line."""


def connect(published: Path):
    if not published.is_file():
        raise ExportError(f"there is no {published}; build first")
    return duckdb.connect(str(published), read_only=True)


def columns_of(con, mart: str) -> list[tuple[str, str, str]]:
    """Name, type and meaning of the columns; ExportError without the mart."""
    found = con.execute(
        "select column_name, data_type, coalesce(comment, '') from duckdb_columns() "
        "where schema_name = 'marts' and table_name = ? order by column_index",
        [mart],
    ).fetchall()
    if not found:
        marts = con.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts' "
            "order by table_name"
        ).fetchall()
        names = ", ".join(name for (name,) in marts)
        raise ExportError(f"there is no mart {mart}; there are {names}")
    return found


def write_parquet(con, mart: str, path: Path) -> None:
    con.execute(
        f"copy (select * from marts.{quoted(mart)} order by all) "
        f"to {literal(str(path))} (format parquet)"
    )


def write_csv(con, mart: str, path: Path) -> None:
    """NULL is an empty field; an apostrophe keeps text from being run as a formula."""
    shown = []
    for name, data_type, _ in columns_of(con, mart):
        column = quoted(name)
        if data_type == "VARCHAR":
            starts = f"contains({literal(FORMULA)}, left({column}, 1))"
            risky = f"{column} <> '' and {starts}"
            column = (
                f"case when {risky} then '''' || {column} else {column} end as {column}"
            )
        shown.append(column)
    text = path.with_name(path.name + ".text")
    try:
        con.execute(
            f"copy (select {', '.join(shown)} from marts.{quoted(mart)} order by all) "
            f"to {literal(str(text))} (format csv, header)"
        )
        with open(text, "rb") as plain, open(path, "wb") as marked:
            marked.write(codecs.BOM_UTF8)
            shutil.copyfileobj(plain, marked)
    finally:
        text.unlink(missing_ok=True)


def write_xlsx(con, mart: str, path: Path) -> None:
    """Numbers as numbers, days as days; keys too long for a number as text."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    described = columns_of(con, mart)
    rows = con.execute(f"select count(*) from marts.{quoted(mart)}").fetchone()[0]
    if rows >= MOST_SHEET_ROWS:
        raise ExportError(
            f"{mart} has {rows:,} rows, more than a sheet holds; export it to CSV"
        )
    book = Workbook(write_only=True)
    sheet = book.create_sheet(mart[:31])
    sheet.freeze_panes = "A2"

    def cell(value):
        if isinstance(value, int) and abs(value) > LONGEST_NUMBER:
            value = str(value)
        if not isinstance(value, str):
            return value
        made = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\ufffd", value))
        made.data_type = "s"  # text stays text, whatever it begins with
        return made

    sheet.append([name for name, _, _ in described])
    found = con.execute(f"select * from marts.{quoted(mart)} order by all")
    while batch := found.fetchmany(10_000):
        for row in batch:
            sheet.append([cell(value) for value in row])
    dictionary = book.create_sheet("dictionary")
    dictionary.append(["column", "type", "meaning"])
    for line in described:
        dictionary.append(list(line))
    book.save(path)


WRITERS = {".parquet": write_parquet, ".csv": write_csv, ".xlsx": write_xlsx}


def export(published: Path, mart: str, path: Path, overwrite: bool = False) -> int:
    """Write a mart and return its rows. Raises ExportError, OSError or duckdb.Error.

    The file takes its name when it is whole; one that is there stays unless told.
    """
    if path.suffix.lower() not in WRITERS:
        endings = ", ".join(WRITERS)
        raise ExportError(f"{path.name} ends in none of {endings}")
    if path.exists() and not overwrite:
        raise ExportError(f"{path} is there already; --overwrite replaces it")
    unfinished = path.with_name(f".{path.name}.unfinished")
    with connect(published) as con:
        columns_of(con, mart)
        try:
            WRITERS[path.suffix.lower()](con, mart, unfinished)
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
        return con.execute(f"select count(*) from marts.{quoted(mart)}").fetchone()[0]


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("mart", help="such as customer_predictions")
    add("file", type=Path, help="ends in .parquet, .csv or .xlsx")
    add("--published", type=Path, default=Path("warehouse/repurchase.duckdb"))
    add("--overwrite", action="store_true", help="replace the file where it is there")
    args = parser.parse_args(argv)
    try:
        rows = export(args.published, args.mart, args.file, args.overwrite)
    except ModuleNotFoundError as error:
        print(f"export: XLSX needs {error.name}: make .venv/export", file=sys.stderr)
        return 1
    except (ExportError, OSError, duckdb.Error) as error:
        print(f"export: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    print(f"{args.file}: {rows:,} rows of {args.mart}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
