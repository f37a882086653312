"""Builds and readers as processes of their own, for tests that kill the former.

`serve` parses the project once and then starts builds by forking, each a process group
of its own that runs what scripts/build.py runs. `read` reads a published file all the
time until its stdin is closed.
"""

import contextlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from concurrent import futures
from pathlib import Path

import duckdb

PAUSE = 0.2  # of readers between two looks
LOOKS = 5  # of a patient reader at one file


# -- builds --


class Attempt:
    """A build that was started: its process group and what it says."""

    def __init__(self, pid: int, log: Path):
        self.pid, self.log = pid, log

    @property
    def lines(self) -> list[str]:
        return self.log.read_text("utf-8").splitlines()

    def is_running(self) -> bool:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, 0)
            return True
        return False

    def wait(self, phase: str | None = None, timeout: float = 300) -> bool:
        """Wait for a phase, or for the end; whether that was seen."""
        until = time.monotonic() + timeout
        while self.is_running():
            if phase and f"{phase} ..." in self.lines:
                return True
            assert time.monotonic() < until, self.lines[-3:]
            time.sleep(0.02)
        return phase is None

    def kill(self) -> bool:
        """Kill the whole group at once; whether it was there."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        self.wait()
        return self.code is None

    @property
    def code(self) -> int | None:
        """The exit code; None of a build that was killed."""
        last = self.lines[-1:] or [""]
        return int(last[0].removeprefix("exit ")) if last[0][:5] == "exit " else None


class Builder:
    """Starts builds whose parse of the project is shared."""

    def __init__(self, folder: Path, shop: Path):
        self.folder, self.started = folder, 0
        command = [sys.executable, __file__, "serve", str(shop)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.server = subprocess.Popen(command, **pipes)
        assert self.server.stdout.readline() == "ready\n"

    def start(self, published: Path, shop: Path, *options: str) -> Attempt:
        self.started += 1
        log = self.folder / f"{self.started}.log"
        log.touch()
        database = published.with_name("build.duckdb")
        arguments = ["--published", published, "--build-database", database]
        arguments += ["--connector", "standard", "--data", shop, "--currency", "CNY"]
        order = json.dumps([str(log), *map(str, arguments), *map(str, options)])
        self.server.stdin.write(order + "\n")
        self.server.stdin.flush()
        return Attempt(int(self.server.stdout.readline()), log)

    def build(self, *arguments) -> Attempt:
        """A build, at its end."""
        attempt = self.start(*arguments)
        attempt.wait()
        return attempt

    def close(self) -> None:
        self.server.stdin.close()
        self.server.wait()


def serve(shop: Path) -> None:
    import build
    import conftest
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    # DuckDB's and dbt's threads do not live on in a fork: both work in forks alone.
    fork = multiprocessing.get_context("fork")
    with (
        tempfile.TemporaryDirectory() as folder,
        futures.ProcessPoolExecutor(1, mp_context=fork) as pool,
    ):
        os.environ["REPURCHASE_BUILD_DATABASE"] = f"{folder}/build.duckdb"
        inputs = [("standard", shop)]
        loaded = pool.submit(build.load_raw, inputs, "duckdb", None, None)
        variables, *_ = loaded.result()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who ended leaves no zombie
    folders = ["--project-dir", str(conftest.ROOT), "--profiles-dir", conftest.ROOT]
    given = ["--quiet", "--vars", json.dumps(variables), *map(str, folders)]
    conftest.parsed(given, variables)
    build.dbtRunner = conftest.ParsedOnce
    print("ready", flush=True)
    for order in sys.stdin:
        log, *arguments = json.loads(order)
        pid = os.fork()
        os.setpgid(pid, pid)  # in both, whoever is first
        if pid:
            print(pid, flush=True)
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        out = os.open(log, os.O_WRONLY | os.O_APPEND)
        os.dup2(out, 1)
        os.dup2(out, 2)
        code = 70
        try:
            code = build.main(arguments)
            DuckDBConnectionManager.close_all_connections()  # as at a process's end
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        os.write(out, f"exit {code}\n".encode())
        os._exit(0)


# -- readers --

# What has to agree in any one version, and what tells its input apart.
FIGURES = """
    with last_switch as (
        select run_id, published_run_id
        from marts.build_runs
        where published_run_id is not null
        order by run_id desc
        limit 1
    ),

    input as (
        select content_hash, row_count
        from marts.build_run_inputs
        where
            entity = 'orders'
            and run_id = (select published_run_id from last_switch)
    ),

    orders as (
        select raw_rows, accepted_rows - excluded_rows as purchases
        from marts.source_reconciliation
        where entity = 'orders'
    )

    select
        (select run_id from last_switch) as switched,
        (select published_run_id from last_switch) as version,
        (select content_hash from input) as content_hash,
        [
            (select row_count from input),
            (select raw_rows from orders)
        ] as raw_rows,
        [
            (select purchases from orders),
            (select count(*) from marts.fct_orders),
            (select sum(orders) from marts.calendar_revenue)
        ] as orders,
        [
            (select count(*) from marts.fct_customers),
            (select count(*) from marts.customer_profiles),
            (select sum(customers) from marts.rfm_segments)
        ] as customers,
        [
            (select sum(net_amount_by_order_date) from marts.calendar_revenue),
            (
                select sum(net_amount) - (
                    select coalesce(sum(refund_amount), 0)
                    from marts.fct_refunds
                    where refund_of = 'customer'
                )
                from marts.fct_orders
            )
        ] as net_amount
"""
AGREEING = ("orders", "raw_rows", "customers", "net_amount")


class Reader:
    """Somebody who reads a published file all the time; `patient` keeps it open."""

    def __init__(self, published: Path, patient: bool = False):
        command = [sys.executable, __file__, "read", str(published)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        command += ["patient"] if patient else []
        self.process = subprocess.Popen(command, **pipes)

    def stop(self) -> dict:
        """What it saw: looks, errors, mixed (what did not agree) and versions."""
        found, _ = self.process.communicate()
        return json.loads(found)


def read(published: str, patient: bool) -> None:
    os.set_blocking(0, False)
    found = {"looks": 0, "errors": [], "mixed": [], "versions": {}}
    newest = 0
    while sys.stdin.buffer.read(1) is None:  # the other end is open
        try:
            with duckdb.connect(published, read_only=True) as con:
                first = None
                for _ in range(LOOKS if patient else 1):
                    time.sleep(PAUSE)
                    seen = figures(con)
                    found["looks"] += 1
                    if mixed := disagreements(seen, first, newest):
                        found["mixed"].append([mixed, str(seen)])
                    first = seen
            newest = first["switched"]
            found["versions"][str(first["version"])] = content(first)
        except (duckdb.Error, OSError, ValueError) as error:
            found["errors"].append(str(error))
    print(json.dumps(found))


def figures(con) -> dict:
    """What a reader looks at, by name."""
    cursor = con.execute(FIGURES)
    names = [column[0] for column in cursor.description]
    (row,) = cursor.fetchall()
    return dict(zip(names, row, strict=True))


def content(seen: dict) -> dict:
    """What of it is the same in every build of a shop, as texts."""
    return {name: str(seen[name]) for name in ("content_hash", *AGREEING)}


def disagreements(seen: dict, first: dict | None, newest: int) -> list[str]:
    """What is wrong with what a reader sees: sums apart, another file, an older one."""
    wrong = [name for name in AGREEING if len(set(seen[name])) > 1]
    if first not in (None, seen):
        wrong.append("changed")
    if seen["switched"] < newest:
        wrong.append("older")
    return wrong


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
    if sys.argv[1] == "serve":
        serve(Path(sys.argv[2]))
    else:
        read(sys.argv[2], "patient" in sys.argv)
