"""Spark around dbt: the session, raw files in, finished marts out.

dbt-spark's session method takes the session of its process, so the one made here, with
the parameters of profiles.yml, is the one that dbt builds in.
"""

import json
import os
import shutil
import tempfile
from pathlib import Path

import duckdb
import jinja2
import pyspark
import raw_files
import yaml
from dbt.adapters.spark.connections import SparkCredentials
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

PROJECT = Path(__file__).resolve().parent.parent
ANSI = {"spark.sql.ansi.enabled": "true"}


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
                    f"to '{path}' (format parquet)"
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
            spark.table(f"marts.{name}").write.parquet(path)
            table = f"marts.{name}"
            file.execute(
                f"create table {table} as from read_parquet('{path}/*.parquet')"
            )
            mart, columns = described[name]
            present = file.execute(f"describe {table}").fetchall()
            comments = {f"table {table}": mart}
            for column, *_ in present:
                comments[f'column {table}."{column}"'] = columns.get(column)
            for what, text in comments.items():
                if text:
                    quoted = text.replace("'", "''")
                    file.execute(f"comment on {what} is '{quoted}'")


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
