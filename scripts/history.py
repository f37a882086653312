"""The history of runs: a log beside the published file, two tables among the marts.

A run is written to the log when it begins, as one that did not finish, and again when
it ends: a killed run is in the history without anybody cleaning up after it. Runs are
numbered and ordered by the log, never by the clock. What a run finds in the log it
writes anew, every run once, so that the log grows by a line per run.
"""

import contextlib
import fcntl
import json
import os
import stat
import time
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

UNFINISHED = "did not finish"
PUBLISHED = "published"
FORGOTTEN = "forgotten"

# name: type, description
RUN_COLUMNS = {
    "run_id": ("bigint", "Number of the run; a later run has a larger one."),
    "engine": ("varchar", "Engine of the run: duckdb, postgres or spark."),
    "outcome": (
        "varchar",
        "published, rolled back, forgotten (a customer was), did not finish (killed, "
        "or still at work when this was written), or failed with the phase and the "
        "tests or models that failed.",
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
    "forgotten_rows": (
        "bigint",
        "Rows of the marts that a forgotten customer was removed with; else NULL.",
    ),
    "forgotten_amount": (
        "decimal(18,2)",
        "Net amount of these rows: what marts of totals have more than fct_orders and "
        "fct_refunds until the next build; else NULL.",
    ),
    "as_of_date": ("date", "As-of date of the marts; NULL where none were published."),
    "as_of_by": (
        "varchar",
        "What a given as-of date leaves out: event, what is dated later; arrival, also "
        "what came or changed later. NULL where none was given.",
    ),
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
AS_TEXT = ("date", "timestamp", "decimal(18,2)")  # in the log
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
    """A run, with the columns of build_runs; times, days and amounts are texts."""

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
    forgotten_rows: int | None = None
    forgotten_amount: str | None = None
    as_of_date: str | None = None
    as_of_by: str | None = None
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
    while True:
        number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o660)
        with open(number, "a+", encoding="utf-8", errors="replace") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                raise Held from None
            if _has_name(file, path):
                yield file
                return


def _has_name(file, path: Path) -> bool:
    """False where another file has taken the name while this one was waited for."""
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    return False


def switch(new: Path, path: Path) -> None:
    """The new file takes a name, and the access that the file gave which had it.

    No file is writable by everybody.
    """
    mode = stat.S_IMODE(new.stat().st_mode)
    with contextlib.suppress(FileNotFoundError):
        replaced = path.stat()
        mode = stat.S_IMODE(replaced.st_mode)
        with contextlib.suppress(PermissionError):
            os.chown(new, -1, replaced.st_gid)
    new.chmod(mode & ~stat.S_IWOTH)
    os.replace(new, path)


def log_file(published: Path) -> Path:
    return published.with_name(published.name + ".runs")


def opened(published: Path):
    """The log of a published file, held; who holds it may publish there."""
    return locked(log_file(published), wait=True)


def runs(log) -> list[Run]:
    """Every run in the log as last written, by number.

    A line that cannot be read, such as one cut off, is passed over.
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
    log.write(_line(run))
    log.flush()


def write_anew(path: Path, history: list[Run]) -> None:
    """Put these runs, with the inputs that TABLES show, in the place of a log.

    Its holder has nothing more to write to it then. A run killed here leaves the old
    log, or the new one.
    """
    kept = history[-RUNS_WITH_INPUTS:]
    short = [replace(run, inputs=[]) for run in history[:-RUNS_WITH_INPUTS]]
    new = path.with_name(f".{path.name}.unfinished")
    try:
        number = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o660)
        with open(number, "w", encoding="utf-8") as file:
            file.writelines(map(_line, short + kept))
            file.flush()
            os.fsync(number)
        switch(new, path)
    finally:
        new.unlink(missing_ok=True)


def _line(run: Run) -> str:
    row = asdict(run)
    del row["clock"], row["doing"]
    return json.dumps(row) + "\n"


def _run(row: dict) -> Run:
    known = {column.name for column in fields(Run)}
    return Run(**{name: value for name, value in row.items() if name in known})


@contextlib.contextmanager
def recorded(published: Path, engine: str, known: list[Run]):
    """A new run of the history; what stops it is written down and goes on its way.

    `known` are runs that readers can see, which the log may have lost.
    """
    with opened(published) as log:
        found = {run.run_id: run for run in runs(log)}
        for run in known:
            if run.run_id not in found or found[run.run_id].outcome == UNFINISHED:
                found[run.run_id] = run
        run = Run(max(found, default=0) + 1, engine)
        now = datetime.now(UTC).replace(tzinfo=None)
        run.started_at = now.isoformat(" ", "milliseconds")
        earlier = [found[number] for number in sorted(found)]
        write_anew(log_file(published), [*earlier, run])
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
            name: str(value) if RUN_COLUMNS[name][0] in AS_TEXT else value
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


def last_switch(history: list[Run]) -> Run:
    """The run that gave readers what they have; run 0 where there is none."""
    switches = [run for run in history if run.published_run_id is not None]
    none = Run(0, "", published_run_id=0)
    return max(switches, key=lambda run: run.run_id, default=none)


def version(history: list[Run]) -> int:
    """The run whose marts readers have; 0 where the history does not say."""
    return last_switch(history).published_run_id


def fingerprint(connector: str, file) -> dict:
    """What tells one content of a loaded raw file from another, for Run.inputs."""
    return {
        "connector": connector,
        "entity": file.entity,
        "file_name": file.name,
        "row_count": file.rows,
        "content_hash": file.content_hash,
    }
