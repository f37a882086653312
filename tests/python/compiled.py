"""The project's SQL, compiled by dbt and run straight in DuckDB."""

import contextlib
import io
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb
from conftest import ROOT, parsed
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner


@dataclass
class Step:
    """A compiled model or data test."""

    id: str
    name: str
    kind: str  # model or test
    materialized: str
    relation: str | None
    sql: str
    parents: list[str]  # ids


def project(variables: dict):
    """The parsed project for some vars, whose SQL a test may change."""
    return parsed(arguments(variables), variables)


def arguments(variables: dict) -> list[str]:
    folders = ["--project-dir", str(ROOT), "--profiles-dir", str(ROOT)]
    return ["--quiet", "--no-write-json", "--vars", json.dumps(variables), *folders]


def dbt(database: Path, variables: dict, command: str, *more: str):
    """What dbt answers to a command on a database, which it leaves closed."""
    os.environ["REPURCHASE_BUILD_DATABASE"] = str(database)
    given = [command, *arguments(variables), *more]
    with contextlib.redirect_stdout(io.StringIO()):
        done = dbtRunner(project(variables)).invoke(given)
    DuckDBConnectionManager.close_all_connections()
    return done


def compiled(database: Path, variables: dict, *select: str) -> list[Step]:
    """Models and data tests that dbt selects, each after all that it reads.

    Raises what dbt does. The database has the raw tables and is called build.duckdb.
    """
    which = ["--exclude", "resource_type:unit_test", "resource_type:seed"]
    which += ["--indirect-selection", "buildable", "--select", *select]
    done = dbt(database, variables, "compile", *which)
    if not done.success:
        raise done.exception or RuntimeError(
            [result.message for result in done.result if result.status == "error"]
        )
    return [
        Step(
            node.unique_id,
            node.name,
            str(node.resource_type),
            node.config.materialized,
            node.relation_name,
            node.compiled_code,
            list(node.depends_on.nodes),
        )
        for node in (result.node for result in done.result)
        if node.resource_type in ("model", "test")
    ]


def connect(database: Path) -> duckdb.DuckDBPyConnection:
    """The database with the settings that dbt gives it."""
    con = duckdb.connect(str(database))
    con.execute("set TimeZone = 'UTC'; set preserve_insertion_order = false")
    con.execute("set threads = 2; set memory_limit = '4GB'")
    return con


def make(con, steps: Iterable[Step]) -> None:
    """Create the schemas and relations of models, in their order."""
    for step in steps:
        if step.kind == "model":
            schema = step.relation.rsplit(".", 1)[0]
            con.execute(f"create schema if not exists {schema}")
            con.execute(
                f"create or replace {step.materialized} {step.relation} as (\n"
                f"{step.sql}\n)"
            )


def failed(con, steps: Iterable[Step]) -> Iterable[str]:
    """Names of the data tests that find something."""
    for step in steps:
        if step.kind == "test":
            query = f"select count(*) from (\n{step.sql}\n) as found"
            if con.execute(query).fetchall() != [(0,)]:
                yield step.name
