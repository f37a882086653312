"""Publish the marts of a build database as one file that readers may open.

The marts are copied into a new file beside the published one, which then takes its
name: a reader sees the old file or the new one, never a part of either.
"""

import argparse
import os
import sys
from pathlib import Path

import duckdb

# DuckDB 2.0 writes a format that no 1.x reader opens, and most BI drivers are 1.x.
STORAGE_VERSION = "v1.4.0"
MARTS = "marts"


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def publish(build_database: Path, published: Path) -> list[tuple[str, int]]:
    """Copy every mart with its comments and return (mart, rows), in name order.

    Raises OSError or duckdb.Error; the published file is then as it was before.
    """
    published.parent.mkdir(parents=True, exist_ok=True)
    unfinished = published.with_name(f".{published.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        with duckdb.connect(str(build_database)) as con:
            con.execute(
                f"attach {literal(str(unfinished))} as published "
                f"(storage_version {literal(STORAGE_VERSION)})"
            )
            con.execute(f"create schema published.{MARTS}")
            marts = con.execute(
                "select table_name, comment from duckdb_tables() "
                "where database_name = current_database() and schema_name = ? "
                "order by table_name",
                [MARTS],
            ).fetchall()
            rows = [(mart, copy_mart(con, mart, comment)) for mart, comment in marts]
            con.execute("checkpoint published")
            con.execute("detach published")
        os.replace(unfinished, published)
    finally:
        unfinished.unlink(missing_ok=True)
        unfinished.with_name(unfinished.name + ".wal").unlink(missing_ok=True)
    return rows


def copy_mart(con, mart: str, comment: str | None) -> int:
    """Copy one mart with its descriptions and return its rows."""
    table = f"published.{MARTS}.{quoted(mart)}"
    con.execute(f"create table {table} as select * from {MARTS}.{quoted(mart)}")
    if comment:
        con.execute(f"comment on table {table} is {literal(comment)}")
    described = con.execute(
        "select column_name, comment from duckdb_columns() where comment is not null "
        "and database_name = current_database() and schema_name = ? and table_name = ?",
        [MARTS, mart],
    ).fetchall()
    for column, text in described:
        con.execute(f"comment on column {table}.{quoted(column)} is {literal(text)}")
    return con.execute(f"select count(*) from {table}").fetchall()[0][0]


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--build-database", type=Path, default=Path("warehouse/build.duckdb")
    )
    parser.add_argument(
        "--published", type=Path, default=Path("warehouse/repurchase.duckdb")
    )
    args = parser.parse_args(argv)
    if not args.build_database.is_file():
        print(
            f"publish: there is no {args.build_database}; build first", file=sys.stderr
        )
        return 2
    try:
        rows = publish(args.build_database, args.published)
    except (OSError, duckdb.Error) as error:
        print(f"publish: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    for mart, count in rows:
        print(f"{mart:<32}{count:>14,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
