"""PostgreSQL around dbt: load raw files with COPY, fetch and publish the marts."""

import contextlib
import os
import tempfile
from pathlib import Path

import duckdb
import history
import psycopg
import raw_files
from load import BUILD_MARTS
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier, Literal, Placeholder
from publish import literal, quoted

MARTS = "marts"
KEPT = "an earlier version of schema marts"  # the comment of such a schema
OURS = "One row per "  # how the comment of every mart begins


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
            keepalives_idle=60,
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
    """See load.prepare. The role of the readers is there afterwards."""
    with connected() as connection:
        known = "select 1 from pg_roles where rolname = %s"
        reader = reader_role()
        if not reader or connection.execute(known, [reader]).fetchone():
            return
        try:
            connection.execute(SQL("create role {} nologin").format(Identifier(reader)))
        except psycopg.errors.InsufficientPrivilege:
            raise raw_files.InputError(
                f"PostgreSQL: there is no role {reader} for readers and "
                f"{connection.info.user} may not create one: create it, or set "
                "REPURCHASE_PG_READER to one that is there, or to nothing"
            ) from None


def reader_role() -> str:
    """The role that may read the marts; empty where the build grants nothing."""
    return os.environ.get("REPURCHASE_PG_READER", "repurchase_reader")


@contextlib.contextmanager
def alone():
    """See load.alone. The lock goes with the connection, however the build ends."""
    with connected() as connection:
        connection.autocommit = True
        lock = "select pg_try_advisory_lock(hashtext('repurchase build'))"
        if connection.execute(lock).fetchone() != (True,):
            raise raw_files.InputError(
                f"another build is using PostgreSQL, database {connection.info.dbname}"
            )
        yield


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
                f"to {literal(str(csv))} (format csv, header false, force_quote *)"
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
    mart = Identifier(BUILD_MARTS, name)
    columns, comment = _described(connection, mart)
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
    comments = {f"column {table}.{column}": text for column, _, text in columns}
    comments[f"table {table}"] = comment
    for what, text in comments.items():
        if text:
            file.execute(f"comment on {what} is {literal(text)}")


# -- publishing --


def publish(marts: list[str], runs: list[history.Run], keep: int) -> None:
    """Fill the marts from the build's and keep those they replace, in one transaction.

    Rows are replaced and not tables: no reader waits, every statement and every
    repeatable-read transaction sees one version, and grants and views stay.
    """
    with connected() as connection:
        outgoing = history.version(_known_runs(connection))
        if keep and tables(connection, MARTS):
            kept = f"{MARTS}_{outgoing}"
            _drop_schema(connection, kept)
            connection.execute(SQL("create schema {}").format(Identifier(kept)))
            _describe(connection, "schema", Identifier(kept), KEPT)
            for name in tables(connection, MARTS):
                _fill(connection, Identifier(kept, name), Identifier(MARTS, name))
        _replace(connection, BUILD_MARTS, marts, runs)
        for version in _versions(connection)[: -keep or None]:
            _drop_schema(connection, f"{MARTS}_{version}")


def rollback(marts: list[str], runs: list[history.Run]) -> None:
    """Fill the marts from the version that the last of the runs goes back to."""
    kept = f"{MARTS}_{runs[-1].published_run_id}"
    with connected() as connection:
        _replace(connection, kept, marts, runs)
        _drop_schema(connection, kept)


def forget(unwanted, drop_built, runs: list[history.Run]) -> None:
    """Delete a customer from all versions of the marts and drop the build, in one
    transaction with this history; then the space of the rows is given up.

    `unwanted(rows, schema)` gives the condition of the rows by mart, `drop_built(rows)`
    drops; rows(sql) runs a statement.
    """
    with connected() as connection:

        def rows(sql):
            found = connection.execute(sql)
            return found.fetchall() if found.description else []

        schemas = [MARTS, *(f"{MARTS}_{number}" for number in _versions(connection))]
        for schema in schemas:
            if "fct_orders" not in tables(connection, schema):
                continue
            for mart, condition in unwanted(rows, schema).items():
                rows(f"delete from {schema}.{quoted(mart)} where {condition}")
        drop_built(rows)
        connection.execute(
            SQL("create schema if not exists {}").format(Identifier(BUILD_MARTS))
        )
        for name, history_rows in history.rows(runs).items():
            _write_history(connection, BUILD_MARTS, name, history_rows)
            _fill(connection, Identifier(MARTS, name), Identifier(BUILD_MARTS, name))
        emptied = [
            (schema, name) for schema in schemas for name in tables(connection, schema)
        ]
    with connected() as connection:
        connection.commit()
        connection.autocommit = True
        for schema, name in emptied:
            vacuum = SQL("vacuum (full, analyze) {}").format(Identifier(schema, name))
            connection.execute(vacuum)


def known_runs() -> list[history.Run]:
    """The history that readers see; none where there is none."""
    with connected() as connection:
        return _known_runs(connection)


def versions() -> list[int]:
    """The versions kept, oldest first."""
    with connected() as connection:
        return _versions(connection)


def tables(connection, schema: str) -> dict[str, str]:
    """The tables of a schema with their comments."""
    query = (
        "select relname, coalesce(obj_description(oid, 'pg_class'), '') from pg_class "
        "where relkind = 'r' and relnamespace = to_regnamespace(%s) order by relname"
    )
    return dict(connection.execute(query, [schema]).fetchall())


def _known_runs(connection) -> list[history.Run]:
    present = tables(connection, MARTS)

    def rows(table):
        query = SQL("select * from {}").format(Identifier(MARTS, table))
        cursor = connection.cursor(row_factory=dict_row)
        return cursor.execute(query).fetchall() if table in present else []

    return history.read(rows)


def _versions(connection) -> list[int]:
    query = (
        "select nspname from pg_namespace "
        "where nspname ~ %s and obj_description(oid, 'pg_namespace') = %s"
    )
    found = connection.execute(query, [f"^{MARTS}_[0-9]+$", KEPT]).fetchall()
    return sorted(int(name.rpartition("_")[2]) for (name,) in found)


def _replace(connection, source: str, marts, runs: list[history.Run]) -> None:
    """Fill schema marts from another, with this history, and let its readers read."""
    schema = Identifier(MARTS)
    connection.execute(SQL("create schema if not exists {}").format(schema))
    for name, rows in history.rows(runs).items():
        _write_history(connection, source, name, rows)
    wanted = [*marts, *history.TABLES]
    for name in wanted:
        _fill(connection, Identifier(MARTS, name), Identifier(source, name))
    for name, comment in tables(connection, MARTS).items():
        if name not in wanted and comment.startswith(OURS):
            gone = Identifier(MARTS, name)
            connection.execute(SQL("drop table {}").format(gone))
    if reader_role():
        reader = Identifier(reader_role())
        for grant in (
            "grant usage on schema {} to {}",
            "grant select on all tables in schema {} to {}",
        ):
            connection.execute(SQL(grant).format(schema, reader))


def _fill(connection, table: Identifier, source: Identifier) -> None:
    """Make a table equal to another: columns, rows and comments.

    It is made anew, with the grants it had, only where its columns are others.
    """
    described, comment = _described(connection, source)
    known, _ = _described(connection, table)
    if [column[:2] for column in known] == [column[:2] for column in described]:
        connection.execute(SQL("delete from {}").format(table))
    else:
        grants = _grants(connection, table)
        connection.execute(SQL("drop table if exists {}").format(table))
        connection.execute(SQL("create table {} (like {})").format(table, source))
        for privilege, role in grants:
            grant = SQL("grant {} on {} to {}")
            connection.execute(grant.format(SQL(privilege), table, SQL(role)))
    connection.execute(SQL("insert into {} table {}").format(table, source))
    connection.execute(SQL("analyze {}").format(table))
    _describe(connection, "table", table, comment)
    for column, _, text in described:
        name = SQL("{}.{}").format(table, Identifier(column))
        _describe(connection, "column", name, text)


def _described(connection, table: Identifier) -> tuple[list, str | None]:
    """Name, type and comment of each column, none where there is no such table; and
    the comment of the table."""
    found = connection.execute(
        "select attname, format_type(atttypid, atttypmod), "
        "col_description(attrelid, attnum), obj_description(attrelid, 'pg_class') "
        "from pg_attribute where attrelid = to_regclass(%s) and attnum > 0 "
        "and not attisdropped order by attnum",
        [table.as_string(connection)],
    ).fetchall()
    return [column[:3] for column in found], found[0][3] if found else None


def _grants(connection, table: Identifier) -> list[tuple[str, str]]:
    """What others than its owner may do with a table; nothing where there is none."""
    return connection.execute(
        "select privilege_type, coalesce(quote_ident(rolname), 'public') "
        "from pg_class cross join aclexplode(relacl) "
        "left join pg_roles on pg_roles.oid = grantee "
        "where pg_class.oid = to_regclass(%s) and grantee <> relowner",
        [table.as_string(connection)],
    ).fetchall()


def _write_history(connection, schema: str, name: str, rows: list[tuple]) -> None:
    """A table of the history in a schema, in the place of one that is there."""
    table = Identifier(schema, name)
    columns, comment = history.TABLES[name]
    typed = SQL(", ").join(
        SQL("{} {}").format(Identifier(column), SQL(kind))
        for column, (kind, _) in columns.items()
    )
    connection.execute(SQL("drop table if exists {}").format(table))
    connection.execute(SQL("create table {} ({})").format(table, typed))
    places = SQL(", ").join([Placeholder()] * len(columns))
    insert = SQL("insert into {} values ({})").format(table, places)
    connection.cursor().executemany(insert, rows)
    _describe(connection, "table", table, comment)
    for column, (_, text) in columns.items():
        named = SQL("{}.{}").format(table, Identifier(column))
        _describe(connection, "column", named, text)


def _describe(connection, kind: str, named, text: str | None) -> None:
    """Give a schema, table or column its comment."""
    comment = SQL("comment on {} {} is {}").format(SQL(kind), named, Literal(text))
    connection.execute(comment)


def _drop_schema(connection, name: str) -> None:
    drop = SQL("drop schema if exists {} cascade").format(Identifier(name))
    connection.execute(drop)
