"""Load raw files into the database of a target, one table per entity, all text."""

import argparse
import contextlib
import importlib
import os
import sys
from pathlib import Path
from types import ModuleType

import duckdb
import raw_files

PROJECT = Path(__file__).resolve().parent.parent
TARGETS = ["duckdb", "postgres", "spark"]
BUILD_MARTS = "build_marts"  # schema of the marts on a server until they are published


def engine(target: str) -> ModuleType:
    """The module of a target other than DuckDB; InputError where it is not installed.

    It has prepare(), alone(), load(connector, files), values(connector, entity, column)
    and fetch_marts(names, database), which do there what the functions here say; and
    publish(marts, runs, keep), rollback(marts, runs), known_runs() and versions(),
    which do to its schema marts what publish.py does to the file.
    """
    try:
        return importlib.import_module(target)
    except ImportError as error:
        raise raw_files.InputError(
            f"target {target} needs {error.name}, which is not installed: run "
            f"make build TARGET={target}, or install requirements-{target}.txt"
        ) from None


def prepare(target: str) -> None:
    """Before anything else: InputError where the target can not be used."""
    if target != "duckdb":
        engine(target).prepare()


def alone(target: str):
    """A context in which nobody else builds there; InputError while somebody does."""
    return contextlib.nullcontext() if target == "duckdb" else engine(target).alone()


def build_database() -> str:
    """The DuckDB file that dbt builds in."""
    default = str(PROJECT / "warehouse/build.duckdb")
    return os.environ.get("REPURCHASE_BUILD_DATABASE") or default


def load(target: str, connector: str, files) -> dict[str, int]:
    """Fill `raw_<connector>.<entity>` of a target from the files; rows per entity.

    See raw_files.load. Raises raw_files.InputError.
    """
    if target != "duckdb":
        return engine(target).load(connector, files)
    with duckdb.connect(build_database()) as con:
        return raw_files.load(con, connector, files)


def drop_others(connectors: list[str]) -> None:
    """Drop the raw tables of all connectors but these from the DuckDB build file."""
    with duckdb.connect(build_database()) as con:
        for connector in set(raw_files.connectors()) - set(connectors):
            con.execute(f"drop schema if exists raw_{connector} cascade")


def drop_other_marts(marts: list[str]) -> None:
    """Drop the marts of earlier builds that are none of these from that file."""
    with duckdb.connect(build_database()) as con:
        for (table,) in con.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts' "
            "and database_name = current_database()"
        ).fetchall():
            if table not in marts:
                con.execute(f'drop table marts."{table}"')


def values(target: str, connector: str, entity: str, column: str) -> list[str]:
    """The different texts of a loaded column, without NULL, in any order."""
    if target != "duckdb":
        return engine(target).values(connector, entity, column)
    query = f"select distinct {column}::varchar from raw_{connector}.{entity}"
    with duckdb.connect(build_database()) as con:
        rows = con.execute(f"{query} where {column} is not null").fetchall()
    return [value for (value,) in rows]


def fetch_marts(target: str, names: list[str], database: Path) -> None:
    """Copy marts of a build with their comments into schema marts of a DuckDB file."""
    engine(target).fetch_marts(names, database)


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--target", choices=TARGETS, default="duckdb", help="default %(default)s")
    add("--connector", required=True, help="whose files they are")
    add("--data", required=True, type=Path, help="file or folder")
    add("--encoding", help="of the files, where it cannot be told from them")
    add("--delimiter", help="of the files, where it cannot be told from them")
    args = parser.parse_args(argv)
    try:
        files = raw_files.discover(
            args.connector, args.data, args.encoding, args.delimiter
        )
        rows = load(args.target, args.connector, files)
    except raw_files.InputError as error:
        print(f"load: {error}", file=sys.stderr)
        return 1
    for entity, count in rows.items():
        print(f"raw_{args.connector}.{entity:<24}{count:>14,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
