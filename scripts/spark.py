"""Spark around dbt: the session, raw files in, finished marts out and published.

dbt-spark's session method takes the session of its process, so the one made here, with
the parameters of profiles.yml, is the one that dbt builds in.
"""

import contextlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import duckdb
import history
import jinja2
import pyspark
import raw_files
import yaml
from dbt.adapters.spark.connections import SparkCredentials
from load import BUILD_MARTS
from publish import literal
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.functions import col

PROJECT = Path(__file__).resolve().parent.parent
ANSI = {"spark.sql.ansi.enabled": "true"}
MARTS = "marts"
VERSION = "a version of schema marts"  # the comment of such a schema
OURS = "One row per "  # how the comment of every mart begins
TYPES = {  # of the history
    "varchar": "string",
    "double precision": "double",
    "timestamp": "timestamp_ntz",
}


def folder() -> Path:
    """Where tables and metastore are; beside the build database unless named.

    On a cluster it has to be one that every worker sees under the same path.
    """
    named = os.environ.get("REPURCHASE_SPARK_FOLDER")
    database = os.environ.get("REPURCHASE_BUILD_DATABASE")
    beside = Path(database or PROJECT / "warehouse/build.duckdb").parent / "spark"
    return Path(named or beside).resolve()


def parameters() -> dict[str, str]:
    """The server_side_parameters of target spark in profiles.yml."""
    profiles = yaml.safe_load((PROJECT / "profiles.yml").read_text("utf-8"))
    written = profiles["repurchase"]["outputs"]["spark"]["server_side_parameters"]
    return {
        name: jinja2.Template(value).render(env_var=os.environ.get)
        for name, value in written.items()
    } | ANSI


def prepare() -> None:
    """Make ready for load and dbt; InputError where there is no Java."""
    java = Path(os.environ.get("JAVA_HOME") or "nowhere", "bin/java")
    if not (java.is_file() or shutil.which("java")):
        raise raw_files.InputError(
            "target spark needs Java 17 or newer: install it or set JAVA_HOME"
        )
    os.environ["REPURCHASE_SPARK_FOLDER"] = str(folder())
    if os.environ.get("SPARK_MASTER", "").startswith("local-cluster"):
        os.environ.setdefault("SPARK_HOME", str(Path(pyspark.__file__).parent))
    folder().mkdir(parents=True, exist_ok=True)
    SparkCredentials.__post_init__ = _with_ansi


_post_init = SparkCredentials.__post_init__


def _with_ansi(credentials) -> None:
    """dbt-spark turns ANSI mode off, and what overflows would silently be NULL."""
    _post_init(credentials)
    credentials.server_side_parameters |= ANSI


def session() -> SparkSession:
    """The session of this process; made where there is none yet."""
    prepare()
    builder = SparkSession.builder.enableHiveSupport()
    for name, value in parameters().items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except PySparkException as error:
        reason = str(error).splitlines()[0]
        raise raw_files.InputError(f"Spark did not start: {reason}") from error


@contextlib.contextmanager
def alone():
    """See load.alone."""
    try:
        with history.locked(folder() / "build.lock"):
            yield
    except history.Held:
        raise raw_files.InputError(f"another build is using {folder()}") from None


def load(connector: str, files) -> dict[str, int]:
    """See load.load. The files are read by raw_files.load, as for DuckDB, and handed to
    Spark as Parquet, so that both have the same rows by construction."""
    spark = session()
    spark.sql(f"create schema if not exists raw_{connector}")
    for entity in raw_files.expected_columns(connector):
        spark.sql(f"drop table if exists raw_{connector}.{entity}")
    with tempfile.TemporaryDirectory(dir=folder()) as scratch:
        with duckdb.connect(f"{scratch}/raw.duckdb") as con:
            con.execute("set TimeZone = 'UTC'")
            loaded = raw_files.load(con, connector, files)
            for entity in loaded:
                path = f"{scratch}/{entity}.parquet"
                con.execute(
                    f"copy (select columns(*)::varchar from raw_{connector}.{entity}) "
                    f"to {literal(path)} (format parquet)"
                )
                spark.read.parquet(path).write.saveAsTable(f"raw_{connector}.{entity}")
    return loaded


def values(connector: str, entity: str, column: str) -> list[str]:
    """See load.values."""
    rows = session().table(f"raw_{connector}.{entity}").select(column).distinct()
    return [value for (value,) in rows.collect() if value is not None]


def fetch_marts(names: list[str], database: Path) -> None:
    """See load.fetch_marts. The comments are those of dbt's manifest: dbt-spark gives
    none to the columns of Parquet tables."""
    spark = session()
    described = descriptions()
    with (
        tempfile.TemporaryDirectory(dir=folder()) as scratch,
        duckdb.connect(str(database)) as file,
    ):
        file.execute("create schema if not exists marts")
        for name in names:
            path = f"{scratch}/{name}"
            spark.table(f"{BUILD_MARTS}.{name}").write.parquet(path)
            table = f"marts.{name}"
            files = literal(f"{path}/*.parquet")
            file.execute(f"create table {table} as from read_parquet({files})")
            mart, columns = described[name]
            present = file.execute(f"describe {table}").fetchall()
            comments = {f"table {table}": mart}
            for column, *_ in present:
                comments[f'column {table}."{column}"'] = columns.get(column)
            for what, text in comments.items():
                if text:
                    file.execute(f"comment on {what} is {literal(text)}")


def descriptions() -> dict[str, tuple[str, dict[str, str]]]:
    """The descriptions of each model and its columns, from the build just done."""
    target = Path(os.environ.get("DBT_TARGET_PATH") or PROJECT / "target")
    manifest = json.loads((target / "manifest.json").read_text("utf-8"))
    return {
        node["alias"]: (
            node["description"],
            {name: c["description"] for name, c in node["columns"].items()},
        )
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }


# -- publishing --


@contextlib.contextmanager
def _in_one_line():
    """Turn an error of Spark's into an InputError."""
    try:
        yield
    except PySparkException as error:
        raise raw_files.InputError(f"Spark: {str(error).splitlines()[0]}") from error


@_in_one_line()
def publish(marts: list[str], runs: list[history.Run], keep: int) -> None:
    """Copy the build's marts to a schema of their own and let readers' views read it.

    The views go over one after another, the history last: in between a reader may see
    some marts of either version. The tables that readers had stay until the end.
    """
    spark = session()
    outgoing = history.version(known_runs())
    incoming = runs[-1].run_id
    schema = f"{MARTS}_{incoming}"
    spark.sql(f"drop schema if exists {schema} cascade")
    spark.sql(f"create schema {schema} comment '{VERSION}'")
    described = descriptions()
    for name in marts:
        _write(
            spark.table(f"{BUILD_MARTS}.{name}"), f"{schema}.{name}", *described[name]
        )
    _switch(schema, marts, runs)
    others = [number for number in _schemas() if number != incoming]
    kept = [number for number in others if number <= outgoing][-keep:] if keep else []
    _drop(set(others) - set(kept))


@_in_one_line()
def rollback(marts: list[str], runs: list[history.Run]) -> None:
    """Let readers' views read the version that the last of the runs goes back to."""
    version = runs[-1].published_run_id
    _switch(f"{MARTS}_{version}", marts, runs)
    _drop(number for number in _schemas() if number > version)


def known_runs() -> list[history.Run]:
    """The history that readers see; none where there is none."""

    def rows(table):
        name = f"{MARTS}.{table}"
        if not spark.catalog.tableExists(name):
            return []
        return [row.asDict() for row in spark.table(name).collect()]

    spark = session()
    return history.read(rows)


def versions() -> list[int]:
    """The versions kept beside the one that readers have, oldest first."""
    current = history.version(known_runs())
    return [number for number in _schemas() if number < current]


def _schemas() -> list[int]:
    """The versions there are, oldest first; also what a killed run left."""
    catalog = session().catalog
    found = [
        int(schema.name.rpartition("_")[2])
        for schema in catalog.listDatabases(f"{MARTS}_*")
        if schema.description == VERSION
    ]
    return sorted(found)


def _drop(numbers) -> None:
    for number in numbers:
        session().sql(f"drop schema if exists {MARTS}_{number} cascade")


def _switch(schema: str, marts: list[str], runs: list[history.Run]) -> None:
    """Let the views of schema marts read another, with this history as the last."""
    spark = session()
    tables = {mart: mart for mart in marts}
    for name, rows in history.rows(runs).items():
        columns, comment = history.TABLES[name]
        tables[name] = f"{name}_{runs[-1].run_id}"
        texts = {column: text for column, (_, text) in columns.items()}
        frame = _history_frame(columns, rows)
        _write(frame, f"{schema}.{tables[name]}", comment, texts)
    spark.sql(f"create schema if not exists {MARTS}")
    present = {row.tableName for row in spark.sql(f"show tables in {MARTS}").collect()}
    views = {row.viewName for row in spark.sql(f"show views in {MARTS}").collect()}
    for view, table in tables.items():
        if view in present - views:
            spark.sql(f"drop table {MARTS}.{view}")  # dbt alone had built it
        comment = _literal(_comment(f"{schema}.{table}"))
        spark.sql(
            f"create or replace view {MARTS}.{view} comment {comment} "
            f"as select * from {schema}.{table}"
        )
    for view in views - tables.keys():
        if _comment(f"{MARTS}.{view}").startswith(OURS):
            spark.sql(f"drop view {MARTS}.{view}")


def _comment(table: str) -> str:
    """The comment of a table or view; empty where it has none."""
    described = session().sql(f"describe extended {table}").collect()
    return dict(row[:2] for row in described).get("Comment", "")


def _history_frame(columns: dict, rows: list[tuple]):
    """The rows of a table of the history with its types."""
    kinds = {name: TYPES.get(kind, kind) for name, (kind, _) in columns.items()}
    given = ", ".join(
        f"{name} {'string' if columns[name][0] in history.AS_TEXT else kind}"
        for name, kind in kinds.items()
    )
    frame = session().createDataFrame(rows, given)
    return frame.select(*(col(name).cast(kind) for name, kind in kinds.items()))


def _write(frame, table: str, comment: str, columns: dict[str, str]) -> None:
    """Make a table of a frame, with comments. dbt-spark gives columns none."""
    commented = (
        col(name).alias(name, metadata={"comment": columns.get(name, "")})
        for name in frame.columns
    )
    frame.select(*commented).write.saveAsTable(table)
    session().sql(f"comment on table {table} is {_literal(comment)}")


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
