"""PostgreSQL around dbt: load raw files with COPY, fetch the finished marts."""

import contextlib
import os
import tempfile
from pathlib import Path

import duckdb
import psycopg
import raw_files
from psycopg.sql import SQL, Identifier


@contextlib.contextmanager
def connected():
    """A transaction in the database that profiles.yml names; InputError says why not.

    Committed at the end, rolled back on any error.
    """
    setting = os.environ.get
    try:
        with psycopg.connect(
            host=setting("REPURCHASE_PG_HOST", "localhost"),
            port=setting("REPURCHASE_PG_PORT", "5432"),
            user=setting("REPURCHASE_PG_USER", "postgres"),
            password=setting("REPURCHASE_PG_PASSWORD", ""),
            dbname=setting("REPURCHASE_PG_DATABASE", "repurchase"),
            options="-c timezone=UTC -c datestyle=ISO -c extra_float_digits=1",
        ) as connection:
            if connection.info.server_version < 170000:
                raise raw_files.InputError("PostgreSQL is older than version 17")
            if connection.info.parameter_status("server_encoding") != "UTF8":
                raise raw_files.InputError("the PostgreSQL database is not in UTF8")
            yield connection
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise raw_files.InputError(f"PostgreSQL: {reason}") from error


def prepare() -> None:
    """See load.prepare."""
    with connected():
        pass


def load(connector: str, files) -> dict[str, int]:
    """See load.load. The files are read by raw_files.load, as for DuckDB, and handed on
    as CSV, so that both have the same rows. Views on a table loaded again go with it.
    """
    schema = f"raw_{connector}"
    with (
        connected() as connection,
        tempfile.TemporaryDirectory() as folder,
        duckdb.connect(f"{folder}/raw.duckdb") as raw,
    ):
        raw.execute("set TimeZone = 'UTC'")
        loaded = raw_files.load(raw, connector, files)
        connection.execute(
            SQL("create schema if not exists {}").format(Identifier(schema))
        )
        for entity in raw_files.expected_columns(connector):
            table = Identifier(schema, entity)
            connection.execute(SQL("drop table if exists {} cascade").format(table))
            if entity not in loaded:
                continue
            names = [
                row[0] for row in raw.execute(f"describe {schema}.{entity}").fetchall()
            ]
            typed = SQL(", ").join(SQL("{} text").format(Identifier(n)) for n in names)
            connection.execute(SQL("create table {} ({})").format(table, typed))
            csv = Path(folder) / f"{entity}.csv"
            raw.execute(
                f"copy (select columns(*)::varchar from {schema}.{entity}) "
                f"to '{csv}' (format csv, header false, force_quote *)"
            )
            copy_in = SQL("copy {} from stdin (format csv)").format(table)
            with open(csv, "rb") as rows, connection.cursor().copy(copy_in) as copy:
                while chunk := rows.read(1 << 20):
                    copy.write(chunk)
            connection.execute(SQL("analyze {}").format(table))
    return loaded


def values(connector: str, entity: str, column: str) -> list[str]:
    """See load.values."""
    query = SQL("select distinct {0} from {1} where {0} is not null").format(
        Identifier(column), Identifier(f"raw_{connector}", entity)
    )
    with connected() as connection:
        return [value for (value,) in connection.execute(query)]


def fetch_marts(names: list[str], database: Path) -> None:
    """See load.fetch_marts."""
    with (
        connected() as connection,
        duckdb.connect(str(database)) as file,
        tempfile.TemporaryDirectory() as folder,
    ):
        file.execute("create schema if not exists marts")
        for name in names:
            _fetch_mart(connection, file, name, Path(folder) / "mart.csv")


def _fetch_mart(connection, file, name: str, csv: Path) -> None:
    mart = Identifier("marts", name)
    columns = connection.execute(
        "select attname, format_type(atttypid, atttypmod), "
        "col_description(attrelid, attnum), obj_description(attrelid, 'pg_class') "
        "from pg_attribute where attrelid = %s::regclass and attnum > 0 "
        "and not attisdropped order by attnum",
        [f'marts."{name}"'],
    ).fetchall()
    copy_out = SQL("copy {} to stdout (format csv)").format(mart)
    with open(csv, "wb") as out, connection.cursor().copy(copy_out) as copy:
        for chunk in copy:
            out.write(chunk)
    table = f'marts."{name}"'
    typed = ", ".join(f'"{column}" {kind}' for column, kind, *_ in columns)
    file.execute(f"create table {table} ({typed})")
    # An empty text is quoted, NULL is not.
    kinds = ", ".join(f"'{column}': '{kind}'" for column, kind, *_ in columns)
    file.execute(
        f"insert into {table} select * from read_csv(?, header = false, delim = ',', "
        f"quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false, "
        f"auto_detect = false, columns = {{{kinds}}})",
        [str(csv)],
    )
    comments = {f"column {table}.{column}": text for column, _, text, _ in columns}
    comments[f"table {table}"] = columns[0][3]
    for what, text in comments.items():
        if text:
            quoted = text.replace("'", "''")
            file.execute(f"comment on {what} is '{quoted}'")
