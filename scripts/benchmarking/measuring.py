"""Runs as processes of their own, interleaved, and what each of them cost."""

import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from importlib import metadata
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
TASKS = Path(__file__).with_name("tasks.py")
PACKAGES = ["dbt-core", "dbt-duckdb", "duckdb", "polars", "pandas", "lifetimes"]
TICKS = os.sysconf("SC_CLK_TCK")


class BenchmarkError(Exception):
    """Why nothing can be measured, in one line."""


@dataclass
class Step:
    """One of the things compared: a command, and what stands around it unmeasured.

    `before` makes its files afresh, `after` looks at what it left; `leaves` are the
    files or folders whose bytes count as its result, less those of `given`.
    """

    name: str
    command: list
    before: Callable[[], None] | None = None
    after: Callable[[], None] | None = None
    leaves: list[Path] = field(default_factory=list)
    given: Path | None = None
    environment: dict[str, str] = field(default_factory=dict)


def task(name: str, *arguments) -> list:
    """The command of a function of tasks.py."""
    return [sys.executable, TASKS, name, *arguments]


def script(name: str, *arguments) -> list:
    """The command of a script."""
    return [sys.executable, PROJECT / "scripts" / name, *arguments]


def measure(step: Step) -> dict:
    """CPU and wall seconds, peak MB and MB left by a step, and CPU by its phases.

    A phase begins where the process says "<phase> ..." on stderr. The peak is never
    below that of this process, which therefore loads no data. BenchmarkError where the
    step fails.
    """
    if step.before:
        step.before()
    start = time.perf_counter()
    child = subprocess.Popen(
        [str(part) for part in step.command],
        cwd=PROJECT,
        env=os.environ | step.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    marks, said = [], []
    for line in child.stderr:
        said.append(line.rstrip())
        if found := re.fullmatch(r"(\w[\w ,']*) \.\.\.\n", line):
            marks.append((found[1], cpu_so_far(child.pid)))
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise BenchmarkError(f"{step.name} failed: {(said or ['silently'])[-1]}")
    cpu = usage.ru_utime + usage.ru_stime
    result = {
        "cpu_s": round(cpu, 3),
        "wall_s": round(wall, 3),
        "peak_mb": round(usage.ru_maxrss / 1024, 1),
    }
    if step.leaves:
        left = sum(map(bytes_of, step.leaves)) - bytes_of(step.given)
        result["disk_mb"] = round(left / 1e6, 2)
    if marks:
        marks = [("start", 0.0), *marks, ("end", cpu)]
        result["phases"] = {
            name: round(end - begin, 3)
            for (name, begin), (_, end) in zip(marks, marks[1:], strict=False)
        }
    if step.after:
        step.after()
    return result


def cpu_so_far(pid: int) -> float:
    """User and system seconds of a running process, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def bytes_of(path: Path | None) -> int:
    """The size of a file, or of all files in a folder; 0 where there is none."""
    if path is None or not path.exists():
        return 0
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def interleaved(steps: list[Step], rounds: int, title: str) -> dict[str, list[dict]]:
    """Every step once a round, round by round; the measurements by name."""
    found: dict[str, list[dict]] = {step.name: [] for step in steps}
    for turn in range(rounds):
        for step in steps:
            one = measure(step)
            found[step.name].append(one)
            say(
                f"{title}, round {turn + 1} of {rounds}: {step.name} "
                f"{one['cpu_s']:.1f} CPU s, {one['peak_mb']:,.0f} MB"
            )
    return found


def ratios(runs: dict[str, list[dict]], one: str, other: str, what="cpu_s"):
    """Median, least and largest ratio of two steps within the same round."""
    pairs = zip(runs[one], runs[other], strict=True)
    found = [a[what] / b[what] for a, b in pairs]
    return statistics.median(found), min(found), max(found)


def median(runs: list[dict], what: str) -> float:
    return statistics.median(run[what] for run in runs)


def circumstances(rounds: int) -> dict:
    """When, on what machine and with which versions something was measured."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            pass
    return {
        "measured_on": date.today().isoformat(),
        "rounds": rounds,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory / 2**30),
        "versions": versions,
    }


def copied(source: Path, target: Path) -> Callable[[], None]:
    """A step's `before`: its file or folder as it was."""

    def copy() -> None:
        remove(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, target)

    return copy


def remove(*paths: Path) -> None:
    """Take away files and folders, whether or not they are there."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
