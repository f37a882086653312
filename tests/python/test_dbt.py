"""What dbt tests itself: all unit tests of all connectors, and a plain `dbt build`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import raw_files
import yaml

ROOT = Path(__file__).resolve().parents[2]


def dbt(folder: Path, *arguments) -> subprocess.CompletedProcess:
    """Run dbt in the project with its own files and database in a folder."""
    environment = os.environ | {
        "REPURCHASE_BUILD_DATABASE": str(folder / "scratch.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    dbt_command = Path(sys.executable).with_name("dbt")
    return subprocess.run(
        [dbt_command, "--no-use-colors", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def all_connectors(tmp_path_factory) -> Path:
    """A plain `dbt build` of the demo and the other connectors' empty tables."""
    folder = tmp_path_factory.mktemp("all_connectors")
    entities = {c: list(raw_files.expected_columns(c)) for c in raw_files.connectors()}
    with duckdb.connect(str(folder / "scratch.duckdb")) as con:
        for connector in entities:
            if connector == "standard":
                continue  # reads the demo seeds
            con.execute(f"create schema raw_{connector}")
            for entity, columns in raw_files.expected_columns(connector).items():
                names = ", ".join(f"{column.name} text" for column in columns)
                con.execute(f"create table raw_{connector}.{entity} ({names})")
    connectors = {c: {"entities": names} for c, names in entities.items()}
    done = dbt(folder, "build", "--vars", json.dumps({"connectors": connectors}))
    assert done.returncode == 0, done.stdout[-5000:]
    return folder


def test_every_unit_test_of_every_connector_passes(all_connectors):
    """All unit tests written anywhere under models/ ran and passed."""
    written = {
        unit_test["name"]
        for path in (ROOT / "models").rglob("*.yml")
        for unit_test in yaml.safe_load(path.read_text("utf-8")).get("unit_tests", [])
    }
    run_results = json.loads((all_connectors / "target/run_results.json").read_text())
    passed = {
        result["unique_id"].split(".")[-1]
        for result in run_results["results"]
        if result["unique_id"].startswith("unit_test.") and result["status"] == "pass"
    }
    assert written and passed == written


def test_a_plain_dbt_build_makes_the_marts(all_connectors):
    """`dbt build` alone, without the scripts, fills every mart."""
    with duckdb.connect(str(all_connectors / "scratch.duckdb")) as con:
        rows = con.execute(
            "select table_name, estimated_size from duckdb_tables() "
            "where schema_name = 'marts'"
        ).fetchall()
    assert len(rows) == len(list((ROOT / "models/marts").rglob("*.sql")))
    assert all(size > 0 for _, size in rows)
