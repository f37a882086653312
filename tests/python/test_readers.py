"""The published file opens in the DuckDB of BI drivers, which is older than ours.

Each older one is installed once, into target/readers; without network these skip.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import history
import pytest

ROOT = Path(__file__).resolve().parents[2]
READERS = ROOT / "tests" / "fixtures" / "readers"


def installed(name: str) -> Path:
    """A folder with the pinned packages of a reader; skips where none can be had."""
    pins = READERS / f"{name}.txt"
    key = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = ROOT / "target" / "readers" / f"{name}-{key}"
    if folder.is_dir():
        return folder
    unfinished = folder.with_name(f".{folder.name}-{os.getpid()}")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    done = subprocess.run(
        [
            *pip,
            "--retries",
            "1",
            "--require-hashes",
            "--target",
            unfinished,
            "-r",
            pins,
        ],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        shutil.rmtree(unfinished, ignore_errors=True)
        if "(from versions: none)" in done.stderr:
            pytest.skip(f"no package index to install {name} from")
        pytest.fail(done.stderr)
    os.rename(unfinished, folder)
    return folder


def read(published: Path, *ways: str, packages: Path | None = None) -> dict:
    """What read_marts.py finds, with these packages or with the project's own."""
    alone = ["-S"] if packages else []  # without the project's own packages
    done = subprocess.run(
        [sys.executable, *alone, READERS / "read_marts.py", published, *ways],
        env=os.environ | ({"PYTHONPATH": str(packages)} if packages else {}),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def marts(demo) -> dict:
    """Every mart of the demo and its history, as this project's own DuckDB reads it."""
    found = read(demo.published, "duckdb")["duckdb"]
    marts = {path.stem for path in (ROOT / "models" / "marts").rglob("*.sql")}
    assert found.keys() == marts | history.TABLES.keys()
    return found


@pytest.mark.parametrize(
    ("reader", "ways"),
    [("duckdb_1_4", ["duckdb"]), ("duckdb_1_5", ["duckdb", "sqlalchemy"])],
)
def test_older_duckdb_reads_every_cell(reader, ways, demo, marts):
    """All rows of all marts, cell by cell; through SQLAlchemy with every comment."""
    found = read(demo.published, *ways, packages=installed(reader))
    version = reader.removeprefix("duckdb_").replace("_", ".")
    assert found["version"].startswith(f"{version}.")
    for way in ways:
        assert found[way] == marts, way
