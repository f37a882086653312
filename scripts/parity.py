"""Build on several engines and compare every mart row by row."""

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
import history
import polars as pl
import verify
import yaml

PROJECT = Path(__file__).resolve().parent.parent
ENGINES = ("duckdb", "postgres", "spark")
# Relative and absolute, of floats: engines add them up in different orders, and what
# follows from a fit is as near as its search ends to the summit.
TOLERANCE = (1e-9, 1e-15)
TOLERANCE_OF_FITS = (1e-6, 1e-9)
FITTED = {
    "customer_predictions",
    "model_parameters",
    "prediction_evaluation",
    "prediction_calibration",
}


OWN = {"model_parameters": ["iterations"]}  # how long a search takes is its own


class Unusable(Exception):
    """What the user gave cannot be compared, or an engine did not build it."""


@dataclass
class Finding:
    """How a mart of one engine compares with that of the first one."""

    mart: str
    engine: str
    rows: int
    differences: int
    lines: list[str]

    def __str__(self) -> str:
        said = f"{self.mart:<28} {self.engine:<9}"
        if not self.differences:
            return f"ok    {said}{self.rows:>12,} rows"
        lines = [f"      {line}" for line in self.lines]
        return "\n".join([f"DIFF  {said}{self.differences:>12,} differences", *lines])


def grains(models: Path) -> dict[str, list[str]]:
    """The columns of each model's unique_grain test, from the yml files below."""
    found = {}
    for path in sorted(models.rglob("*.yml")):
        for model in (yaml.safe_load(path.read_text("utf-8")) or {}).get("models", []):
            for test in model.get("data_tests", []):
                if isinstance(test, dict) and "unique_grain" in test:
                    grain = test["unique_grain"]["arguments"]["columns"]
                    found[model["name"]] = grain
    return found


def compare_mart(
    mart: str, frames: dict[str, pl.DataFrame | None], grain: list[str] | None
) -> list[Finding]:
    """Findings for each engine after the first, whose rows are the expected ones.

    A frame is None where the engine has no such mart. Counts, money, dates and text
    have to be equal, floats within TOLERANCE, TOLERANCE_OF_FITS in FITTED
    marts; columns that are an engine's OWN are not compared.
    """
    tolerance = TOLERANCE_OF_FITS if mart in FITTED else TOLERANCE
    frames = {
        engine: None if frame is None else frame.drop(OWN.get(mart, []), strict=False)
        for engine, frame in frames.items()
    }
    (first, expected), *others = frames.items()
    findings = []
    for engine, found in others:
        rows = 0 if found is None else len(found)
        if not grain:
            lines = ["no unique_grain test in the yml says its grain"]
        elif expected is None or found is None:
            lines = [f"not there on {first if expected is None else engine}"]
        elif more := [name for name in found.columns if name not in expected.columns]:
            lines = [f"column {name}: not there on {first}" for name in more]
        else:
            count, lines = verify.compare(expected, found, grain, lambda _: tolerance)
            findings.append(Finding(mart, engine, rows, count, lines))
            continue
        findings.append(Finding(mart, engine, rows, len(lines), lines))
    return findings


def compare_files(databases: dict[str, Path], grain_of: dict) -> list[Finding]:
    """Findings for every mart that is in the schema marts of any of the files."""
    connections = {name: verify.connect(path) for name, path in databases.items()}
    try:
        tables = {name: marts_of(con) for name, con in connections.items()}
        findings = []
        for mart in sorted(set().union(*tables.values())):
            frames = {
                name: verify.read_query(con, f"from {tables[name][mart]}")
                if mart in tables[name]
                else None
                for name, con in connections.items()
            }
            for finding in compare_mart(mart, frames, grain_of.get(mart)):
                print(finding, flush=True)
                findings.append(finding)
        return findings
    finally:
        for con in connections.values():
            con.close()


def marts_of(con) -> dict[str, str]:
    """The tables and views of the schema marts, with their full names.

    Without the history of runs, which is of each engine.
    """
    rows = con.execute(
        "select table_name, table_catalog from information_schema.tables "
        "where table_catalog = current_database() and table_schema = 'marts'"
    ).fetchall()
    return {
        name: f'"{catalog}"."marts"."{name}"'
        for name, catalog in rows
        if name not in history.TABLES
    }


def build(engine: str, folder: Path, arguments: list[str]) -> Path:
    """Build on an engine; the DuckDB file that then holds its marts.

    Raises Unusable where build.py fails, which has then said why.
    """
    database = folder / f"{engine}_build.duckdb"
    published = folder / f"{engine}_published.duckdb"
    command = [sys.executable, str(PROJECT / "scripts" / "build.py")]
    command += ["--target", engine, "--build-database", str(database)]
    command += ["--published", str(published), *arguments]
    environment = os.environ | {"DBT_TARGET_PATH": str(folder / f"{engine}_target")}
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL)
    if done.returncode:
        raise Unusable(f"{engine} did not build")
    print(f"built {engine} in {time.perf_counter() - start:.1f} s", flush=True)
    return database


def engine_list(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in ENGINES]
    if unknown or len(set(names)) < max(2, len(names)):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not two or more of {', '.join(ENGINES)}"
        )
    return names


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="Other arguments, such as --connector and --data, go to build.py. "
        "Exit code 0: all equal; 1: a difference or a mart missing; 2: no comparison.",
    )
    add = parser.add_argument
    add(
        "--engines",
        type=engine_list,
        default=["duckdb", "postgres"],
        metavar="A,B",
        help="the first is what the others are compared with (duckdb,postgres)",
    )
    add(
        "--folder",
        type=Path,
        default=PROJECT / "target" / "parity",
        help="where each engine's marts are kept (target/parity)",
    )
    add("--no-build", action="store_true", help="compare what is in the folder")
    args, for_build = parser.parse_known_args(argv)
    folder = args.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        databases = {}
        for engine in args.engines:
            databases[engine] = folder / f"{engine}_build.duckdb"
            if not args.no_build:
                build(engine, folder, for_build)
            if not databases[engine].is_file():
                raise Unusable(f"{databases[engine]}: no such database; build it first")
        findings = compare_files(databases, grains(PROJECT / "models" / "marts"))
        if not findings:
            raise Unusable("there is no mart on any engine")
    except (Unusable, OSError, duckdb.Error) as error:
        print(f"parity: {str(error).splitlines()[0]}", file=sys.stderr)
        return 2
    wrong = sum(finding.differences > 0 for finding in findings)
    print(f"{len(findings)} comparisons, {wrong} with differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
