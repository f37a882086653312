"""The history of runs: a log beside the published file, two tables among the marts.

A run is written to the log when it begins, as one that did not finish, and again when
it ends: a killed run is in the history without anybody cleaning up after it. Runs are
numbered and ordered by the log, never by the clock.
"""

import contextlib
import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

UNFINISHED = "did not finish"
PUBLISHED = "published"

# name: type, description
RUN_COLUMNS = {
    "run_id": ("bigint", "Number of the run; a later run has a larger one."),
    "engine": ("varchar", "Engine of the run: duckdb, postgres or spark."),
    "outcome": (
        "varchar",
        "published, rolled back, did not finish (killed, or still at work when this "
        "was written), or failed with the phase and the tests or models that failed.",
    ),
    "published_run_id": (
        "bigint",
        "Run whose marts readers have had from this run on, an earlier one after a "
        "rollback; NULL where the run changed nothing for readers. The last one that "
        "is not NULL says which marts these are.",
    ),
    "raw_rows": ("bigint", "Raw rows of all entities; NULL where none were counted."),
    "accepted_rows": ("bigint", "Raw rows accepted; NULL like raw_rows."),
    "superseded_rows": ("bigint", "Raw rows superseded; NULL like raw_rows."),
    "rejected_rows": ("bigint", "Raw rows rejected; NULL like raw_rows."),
    "mart_rows": ("bigint", "Rows of all marts; NULL where nothing was published."),
    "tests_passed": ("bigint", "Data tests passed; NULL where none were run."),
    "tests_warned": ("bigint", "Data tests that warned and do not stop a run."),
    "tests_failed": ("bigint", "Data tests that failed; they stop a run."),
    "as_of_date": ("date", "As-of date of the marts; NULL where none were published."),
    "started_at": ("timestamp", "Start by the machine's clock, in UTC."),
    "finished_at": (
        "timestamp",
        "Start plus duration: the switch of a published run, else its end; NULL where "
        "the run did not finish.",
    ),
    "duration_seconds": (
        "double precision",
        "Seconds it took, whatever became of the clock; NULL like finished_at.",
    ),
}
INPUT_COLUMNS = {
    "run_id": ("bigint", "Number of the run that read the file, see build_runs."),
    "connector": ("varchar", "Connector that read it."),
    "entity": ("varchar", "Entity it was read as."),
    "file_name": ("varchar", "Its name without folders."),
    "row_count": ("bigint", "Rows in it."),
    "content_hash": ("varchar", "SHA-256 of its bytes, as 64 hexadecimal digits."),
}
RUNS, INPUTS = "build_runs", "build_run_inputs"
RUNS_WITH_INPUTS = 30
TABLES = {  # name: columns, description
    RUNS: (
        RUN_COLUMNS,
        "One row per run of the build up to this version of the marts, failed ones and "
        "rollbacks included.",
    ),
    INPUTS: (
        INPUT_COLUMNS,
        f"One row per run, of the last {RUNS_WITH_INPUTS}, and input file it read.",
    ),
}


class Held(Exception):
    """Another process holds the file."""


@dataclass
class Run:
    """A run, with the columns of build_runs; times and days are ISO texts."""

    run_id: int
    engine: str
    outcome: str = UNFINISHED
    published_run_id: int | None = None
    raw_rows: int | None = None
    accepted_rows: int | None = None
    superseded_rows: int | None = None
    rejected_rows: int | None = None
    mart_rows: int | None = None
    tests_passed: int | None = None
    tests_warned: int | None = None
    tests_failed: int | None = None
    as_of_date: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    duration_seconds: float | None = None
    inputs: list[dict] = field(default_factory=list)  # rows of build_run_inputs
    clock: float = field(default_factory=time.monotonic)
    doing: str = "starting"  # the phase, for the outcome of a failure

    def ended(self, outcome: str, published_run_id: int | None = None) -> "Run":
        """The run as it is when it ends now."""
        seconds = round(time.monotonic() - self.clock, 3)
        end = datetime.fromisoformat(self.started_at) + timedelta(seconds=seconds)
        return replace(
            self,
            outcome=outcome,
            published_run_id=published_run_id,
            duration_seconds=seconds,
            finished_at=end.isoformat(" ", "milliseconds"),
        )


@contextlib.contextmanager
def locked(path: Path, wait: bool = False):
    """The file, opened to append and held for this process alone.

    Nobody else may write or read it. Without `wait`, Held while another process has
    it; OSError where it cannot be opened.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o660)
    with open(number, "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Held from None
        yield file


def opened(published: Path):
    """The log of a published file, held; who holds it may publish there."""
    return locked(published.with_name(published.name + ".runs"), wait=True)


def runs(log) -> list[Run]:
    """Every run in the log as last written, by number.

    The end of a line that a killed run did not finish is passed over.
    """
    log.seek(0)
    found = {}
    for line in log:
        with contextlib.suppress(json.JSONDecodeError):
            run = _run(json.loads(line))
            found[run.run_id] = run
    return [found[number] for number in sorted(found)]


def write(log, run: Run) -> None:
    """Add a run to the log as it is now."""
    row = asdict(run)
    del row["clock"], row["doing"]
    log.write(json.dumps(row) + "\n")
    log.flush()


def _run(row: dict) -> Run:
    known = {column.name for column in fields(Run)}
    return Run(**{name: value for name, value in row.items() if name in known})


@contextlib.contextmanager
def recorded(published: Path, engine: str, known: list[Run]):
    """A new run of the history; what stops it is written down and goes on its way.

    `known` are runs that readers can see, which the log may have lost.
    """
    with opened(published) as log:
        finished = {run.run_id for run in runs(log) if run.outcome != UNFINISHED}
        log.write("\n")  # after a line that was cut off
        for run in known:
            if run.run_id not in finished:
                write(log, run)
        number = max((run.run_id for run in runs(log)), default=0) + 1
        run = Run(number, engine)
        now = datetime.now(UTC).replace(tzinfo=None)
        run.started_at = now.isoformat(" ", "milliseconds")
        write(log, run)
    try:
        yield run
    except BaseException:
        if run.outcome == UNFINISHED:
            with contextlib.suppress(OSError), opened(published) as log:
                write(log, run.ended(f"failed: {run.doing}"))
        raise


def read(rows) -> list[Run]:
    """The runs in the history of published marts, by number.

    `rows(table)` gives the rows of a table as dicts, none where there is no such table.
    """
    found = {}
    for row in rows(RUNS):
        plain = {
            name: str(value) if RUN_COLUMNS[name][0] in ("date", "timestamp") else value
            for name, value in row.items()
            if name in RUN_COLUMNS and value is not None
        }
        found[row["run_id"]] = _run(plain)
    for row in rows(INPUTS):
        if row["run_id"] in found:
            found[row["run_id"]].inputs.append(row)
    return [found[number] for number in sorted(found)]


def rows(history: list[Run]) -> dict[str, list[tuple]]:
    """The rows of each of the TABLES, in the order of its columns."""
    inputs = [
        row | {"run_id": run.run_id}
        for run in history[-RUNS_WITH_INPUTS:]
        for row in run.inputs
    ]
    return {
        RUNS: [tuple(getattr(run, name) for name in RUN_COLUMNS) for run in history],
        INPUTS: [tuple(row.get(name) for name in INPUT_COLUMNS) for row in inputs],
    }


def version(history: list[Run]) -> int:
    """The run whose marts readers have; 0 where the history does not say."""
    switches = [run for run in history if run.published_run_id is not None]
    last = max(switches, key=lambda run: run.run_id, default=None)
    return last.published_run_id if last else 0


def fingerprint(connector: str, file) -> dict:
    """What tells one content of a loaded raw file from another, for Run.inputs."""
    return {
        "connector": connector,
        "entity": file.entity,
        "file_name": file.name,
        "row_count": file.rows,
        "content_hash": file.content_hash,
    }
