"""Killed, full, closed, twice at once, lost: readers have a whole version all along.

`REPURCHASE_KILLS=100 pytest tests/python/test_faults.py` is the long form: so many
kills, and what else costs a build. Its figures go to target/reliability.
"""

import contextlib
import csv
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import history
import load
import processes
import publish
import pytest
from conftest import MARTS, ROOT

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("REPURCHASE_KILLS", "0"))
long = pytest.mark.skipif(not KILLS, reason="a long form: REPURCHASE_KILLS=100")
# Which phases are killed how often; a kill in a late one costs a whole build.
PHASES = {"load": 15, "build and test": 50, "verify": 10, "publish": 25}
SHORT = ["load", "build and test", "publish"]
BATCH = 10  # kills, then a build is let alone
OPTIONS = os.environ.get("REPURCHASE_KILLS_OPTIONS", "").split()  # of killed builds


def record(name: str, **figures) -> None:
    """Leave what a long form found for scripts/reliability.py."""
    if not KILLS:
        return
    path = ROOT / "target" / "reliability" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"name": name, **figures}, indent=2) + "\n")


# -- two small shops that are easily told apart --


@pytest.fixture(scope="module")
def shops(tmp_path_factory) -> list[Path]:
    """A shop in its eighth month, and in its fifth: later orders are not there yet,
    and one has another amount."""
    folder = tmp_path_factory.mktemp("shops")
    now, before = folder / "now", folder / "before"
    generate = [sys.executable, ROOT / "scripts/generate.py", "--no-truth"]
    generate += ["--customers", "40", "--months", "8", "--seed", "7", "--out", now]
    subprocess.run(generate, check=True, capture_output=True)
    shutil.copytree(now, before)
    with open(now / "orders.csv", encoding="utf-8", newline="") as file:
        orders = list(csv.DictReader(file))
    orders = [row for row in orders if row["ordered_at"] < "2023-06"]
    assert len(orders) > 20
    orders[0]["gross_amount"] = "321.00"
    with open(before / "orders.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, orders[0])
        writer.writeheader()
        writer.writerows(orders)
    return [now, before]


@pytest.fixture(scope="module")
def builder(shops, tmp_path_factory):
    """Starts builds that share one parse of the project."""
    found = processes.Builder(tmp_path_factory.mktemp("logs"), shops[0])
    yield found
    found.close()


class Undisturbed:
    """What an undisturbed, full build of a shop gives."""

    def __init__(self, published: Path, attempt: processes.Attempt):
        self.published = published
        self.hashes = publish.content_hashes(published)
        (took,) = [line for line in attempt.lines if line.startswith("took ")]
        words = [phase.split() for phase in took.removeprefix("took").split(",")]
        self.took = {" ".join(name): float(time) for *name, time, _ in words}
        with duckdb.connect(str(published), read_only=True) as con:
            self.figures = processes.content(processes.figures(con))


@pytest.fixture(scope="module")
def undisturbed(shops, builder, tmp_path_factory) -> dict[Path, Undisturbed]:
    """Both shops, each built in a folder of its own."""
    found = {}
    for shop in shops:
        published = tmp_path_factory.mktemp("undisturbed") / "repurchase.duckdb"
        attempt = builder.build(published, shop)
        assert attempt.code == 0, attempt.lines[-4:]
        found[shop] = Undisturbed(published, attempt)
    return found


def litter(folder: Path) -> list[str]:
    """Files that a run leaves only when it is stopped."""
    return [path.name for path in folder.rglob("*") if path.name.startswith(".")]


# -- kill -9 --


def moments(kills: int):
    """Phases, by their weights, and how far into each; the short form kills early."""
    draw = random.Random(20240501)
    phases, weights = list(PHASES), list(PHASES.values())
    while kills:
        yield draw.choices(phases, weights)[0], draw.uniform(0, 1.1)
    for phase in SHORT:
        yield phase, draw.uniform(0, 0.3)


def test_killed_at_any_moment(shops, builder, undisturbed, tmp_path):
    """Readers never see an error or two versions at once; builds go on by themselves.

    After every kill readers have what an undisturbed build gives, and a build that
    is let alone after some of them gives it too.
    """
    published = tmp_path / "repurchase.duckdb"
    before = undisturbed[shops[1]].published
    for name in ("repurchase.duckdb", "repurchase.duckdb.runs", "build.duckdb"):
        shutil.copy(before.with_name(name), tmp_path)
    built = {1: shops[1]}  # by the number of the run
    totals = dict.fromkeys(("kills", "after_the_switch", "completed", "reads"), 0)

    def start() -> processes.Attempt:
        number = len(built) + 1
        built[number] = shops[number % 2]
        return builder.start(published, built[number], *OPTIONS)

    def is_switched() -> bool:
        """Whether readers have the latest run; they have all of one in any case."""
        version = history.version(publish.file_runs(published))
        expected = undisturbed[built[version]].hashes
        assert publish.content_hashes(published) == expected, version
        return version == len(built)

    def complete(attempt: processes.Attempt) -> None:
        attempt.wait()
        assert attempt.code == 0 and is_switched(), attempt.lines
        totals["completed"] += 1

    given = moments(KILLS)
    while totals["kills"] < (KILLS or len(SHORT)):
        readers = [processes.Reader(published, patient) for patient in (False, True)]
        try:
            for phase, share in itertools.islice(given, BATCH):
                attempt = start()
                if attempt.wait(phase):
                    time.sleep(share * undisturbed[built[len(built)]].took[phase])
                if attempt.kill():
                    totals["kills"] += 1
                    totals["after_the_switch"] += is_switched()
                else:  # it was faster
                    complete(attempt)
            complete(start())
            assert litter(tmp_path) == []
        finally:
            seen = [reader.stop() for reader in readers]
        for found in seen:
            assert (found["errors"], found["mixed"]) == ([], [])
            for version, figures in found["versions"].items():
                assert figures == undisturbed[built[int(version)]].figures, version
            totals["reads"] += found["looks"]
        runs = publish.file_runs(published)
        assert [run.run_id for run in runs] == list(built)
        record("kills", **totals, reader_errors=0, mixed_reads=0)
    assert totals["reads"] > len(built)


def test_started_twice_at_once(shops, builder, tmp_path):
    """Of two builds of one build file the second says so, whichever that is."""
    for round_ in range(10 if KILLS else 2):
        published = tmp_path / str(round_) / "repurchase.duckdb"
        both = [builder.start(published, shops[0]) for _ in range(2)]
        while all(attempt.is_running() for attempt in both):
            time.sleep(0.01)
        (first,) = [attempt for attempt in both if attempt.is_running()]
        (second,) = [attempt for attempt in both if attempt is not first]
        assert first.kill()
        database = published.with_name("build.duckdb")
        said = f"build: another build is using {database}"
        assert (second.lines, second.code) == ([said, "exit 1"], 1)


@long
def test_two_builds_of_one_published_file(shops, builder, undisturbed, tmp_path):
    """Each in a build file of its own: both are published, one after the other."""
    published = tmp_path / "repurchase.duckdb"
    other = ["--build-database", tmp_path / "other" / "build.duckdb"]
    both = [
        builder.start(published, shop, *options)
        for shop, options in zip(shops, ([], other), strict=True)
    ]
    for attempt in both:
        attempt.wait()
        assert attempt.code == 0, attempt.lines[-4:]
    runs = publish.file_runs(published)
    assert [run.outcome for run in runs] == ["published", "published"]
    (older,) = publish.versions(published)
    found = [
        publish.content_hashes(path)
        for path in (published, publish.version_file(published, older))
    ]
    assert found in (
        [undisturbed[shops[0]].hashes, undisturbed[shops[1]].hashes],
        [undisturbed[shops[1]].hashes, undisturbed[shops[0]].hashes],
    )


# -- disks --


@pytest.fixture
def disk(tmp_path):
    """A small file system of its own: its folder, and how to change it."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options: str) -> Path:
        kind = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
        done = subprocess.run(kind, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
        return folder

    yield mount
    while os.path.ismount(folder):
        subprocess.run(["umount", folder], check=True)


def run_publish(folder: Path, *options: str) -> subprocess.CompletedProcess:
    """publish.py as a process of its own, on the files of a folder."""
    command = [sys.executable, ROOT / "scripts/publish.py", *options]
    command += ["--published", folder / "repurchase.duckdb"]
    command += ["--build-database", folder.parent / "build.duckdb"]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.fixture
def spoiled(undisturbed, shops, tmp_path):
    """Copies what an undisturbed build gave to where a test can spoil it."""

    def copy(folder: Path) -> Path:
        source = undisturbed[shops[0]].published
        shutil.copy(source.with_name("build.duckdb"), tmp_path)
        shutil.copy(source.with_name(f"{source.name}.runs"), folder)
        return Path(shutil.copy(source, folder))

    return copy


def test_a_full_disk(disk, spoiled, shops, undisturbed):
    """Whatever room is left: one line, the old version, no litter; then it goes on."""
    folder = disk("size=64m")
    published = spoiled(folder)
    used = shutil.disk_usage(folder).used
    for left in (0, used // 100, used // 3, used * 2 // 3):
        disk(f"remount,size={used + left}")
        done = run_publish(folder)
        (line,) = done.stderr.splitlines()
        assert (done.returncode, done.stdout) == (1, ""), left
        assert line.startswith("publish: "), left
        assert publish.content_hashes(published) == undisturbed[shops[0]].hashes
        assert litter(folder) == []
    disk("remount,size=64m")
    assert run_publish(folder).returncode == 0
    assert publish.content_hashes(published) == undisturbed[shops[0]].hashes
    runs = publish.file_runs(published)
    assert runs[-1].outcome == history.PUBLISHED and len(runs) > 2


def test_a_disk_that_turns_read_only(disk, spoiled, builder, shops, undisturbed):
    """Nobody can write to it, the administrator neither: readers go on, one line."""
    folder = disk("size=64m")
    published = spoiled(folder)
    disk("remount,ro")
    done = run_publish(folder)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1 and "Read-only file system" in line
    attempt = builder.build(published, shops[0])
    assert attempt.code == 1 and len(attempt.lines) == 2, attempt.lines
    assert "Read-only file system" in attempt.lines[0]
    assert publish.content_hashes(published) == undisturbed[shops[0]].hashes
    disk("remount,rw")
    assert run_publish(folder).returncode == 0


@long
def test_a_disk_that_fills_during_a_build(disk, spoiled, builder, shops, undisturbed):
    """At any size a build ends with one line, readers keep what they have, and with
    room enough the next one gives what an undisturbed one gives."""
    folder = disk("size=200m")
    published = spoiled(folder)
    used = shutil.disk_usage(folder).used
    room, tried = 24 << 20, 0
    for left in range(0, room, room // max(KILLS // 8, 2)):
        (folder / "build.duckdb").unlink(missing_ok=True)
        disk(f"remount,size={used + left}")
        attempt = builder.build(published, shops[1])
        if attempt.code == 0:
            break
        tried += 1
        *said, line, _ = attempt.lines
        assert attempt.code == 1 and line.startswith("build: "), (left, line)
        assert "Traceback" not in "\n".join(said), left
        assert publish.content_hashes(published) == undisturbed[shops[0]].hashes
        assert [name for name in litter(folder) if "unfinished" in name] == []
    assert tried
    disk("remount,size=200m")
    assert builder.build(published, shops[1]).code == 0
    assert publish.content_hashes(published) == undisturbed[shops[1]].hashes
    record("disk", tried=tried, whole=tried)


# -- what somebody deletes --


def test_a_published_file_deleted_by_hand(spoiled, shops, undisturbed, tmp_path):
    """Numbers go on, the version before can be had, and the next run publishes."""
    folder = tmp_path / "published"
    folder.mkdir()
    published = spoiled(folder)
    assert run_publish(folder).returncode == 0
    published.unlink()
    assert run_publish(folder, "--rollback").returncode == 0
    assert publish.content_hashes(published) == undisturbed[shops[0]].hashes
    published.unlink()
    done = run_publish(folder, "--rollback")
    assert done.returncode == 1 and "no earlier version is kept" in done.stderr
    assert run_publish(folder).returncode == 0
    assert publish.content_hashes(published) == undisturbed[shops[0]].hashes
    runs = publish.file_runs(published)
    assert [(run.run_id, run.outcome) for run in runs] == [
        (1, "published"),
        (2, "published"),
        (3, "rolled back"),
        (4, "published"),
    ]


# -- the log --


def finished_run(published: Path, files: int = 0) -> history.Run:
    """A run as publish.py records one, without its marts."""
    with history.recorded(published, "duckdb", []) as run:
        run.inputs = [{"file_name": str(number)} for number in range(files)]
    with history.opened(published) as log:
        history.write(log, run.ended(history.PUBLISHED, run.run_id))
    return run


def test_the_log_grows_by_a_line_per_run(tmp_path):
    """However often, every run is in it, and inputs of the last runs alone."""
    published = tmp_path / "repurchase.duckdb"
    runs = history.RUNS_WITH_INPUTS + 10
    for _ in range(runs):
        finished_run(published, files=20)
    log = history.log_file(published)
    assert len(log.read_text().splitlines()) == runs + 1  # the last began and ended
    with history.opened(published) as file:
        found = history.runs(file)
    assert [run.run_id for run in found] == list(range(1, runs + 1))
    assert {run.outcome for run in found} == {history.PUBLISHED}
    with_inputs = [run.run_id for run in found if len(run.inputs) == 20]
    assert with_inputs == list(range(11, runs + 1))
    assert litter(tmp_path) == []


def test_a_garbled_log_is_no_hindrance(tmp_path):
    """Lines that no one can read are passed over, whatever the bytes."""
    published = tmp_path / "repurchase.duckdb"
    finished_run(published)
    log = history.log_file(published)
    log.write_bytes(log.read_bytes() + b"\xff\xfe\n\0\0\0\n{\n" + b'{"run_id": 2')
    assert finished_run(published).run_id == 2
    log.write_bytes(b"\0" * 4096)
    assert finished_run(published).run_id == 1


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_log_that_cannot_be_written_anew_stays(tmp_path, monkeypatch, step):
    """A run stopped at its very beginning loses nothing that was in the log."""
    published = tmp_path / "repurchase.duckdb"
    finished_run(published)
    before = history.log_file(published).read_bytes()

    def full(*_):
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, step, full)
        with pytest.raises(OSError, match="No space"):
            finished_run(published)
    assert history.log_file(published).read_bytes() == before
    assert litter(tmp_path) == []


def test_runs_at_once_have_numbers_of_their_own(tmp_path):
    """Who waits for a log that is written anew goes on with the new one."""
    published = tmp_path / "repurchase.duckdb"
    code = (
        "import sys; from pathlib import Path\n"
        "sys.path[:0] = sys.argv[2:]\n"
        "import history\n"
        "for _ in range(25):\n"
        "    with history.recorded(Path(sys.argv[1]), 'duckdb', []) as run: pass\n"
        "    with history.opened(Path(sys.argv[1])) as log:\n"
        "        history.write(log, run.ended('published', run.run_id))\n"
    )
    command = [sys.executable, "-c", code, published, ROOT / "scripts"]
    together = [subprocess.Popen(command) for _ in range(4)]
    assert [process.wait(120) for process in together] == [0] * 4
    with history.opened(published) as log:
        runs = history.runs(log)
    assert [run.run_id for run in runs] == list(range(1, 101))
    assert {run.outcome for run in runs} == {"published"}


# -- a server and the file --


class Server:
    """What publish.py asks of an engine, without a database."""

    def __init__(self):
        self.runs, self.kept = [], []

    def publish(self, marts, runs, keep):
        if self.runs:
            self.kept.append(history.version(self.runs))
        self.runs = runs

    def rollback(self, marts, runs):
        self.runs = runs
        self.kept.remove(history.version(runs))

    def known_runs(self):
        return self.runs

    def versions(self):
        return self.kept

    def prepare(self):
        pass

    alone = staticmethod(contextlib.nullcontext)


class Stop(BaseException):
    """As sudden as a kill, so far as code can be."""


@pytest.mark.parametrize("step", ["publish", "rollback"])
def test_stopped_between_server_and_file(spoiled, tmp_path, monkeypatch, step):
    """The next run gives the file's readers what the server's have, before all else."""
    server = Server()
    monkeypatch.setattr(load, "engine", lambda _: server)
    folder = tmp_path / "published"
    folder.mkdir()
    published = spoiled(folder)
    publish_args = tmp_path / "build.duckdb", published

    def run_once():
        known = publish.known_runs(published, "postgres")
        with history.recorded(published, "postgres", known) as run:
            if step == "rollback" and len(server.kept) == 2:
                publish.rollback(published, run, "postgres")
            else:
                publish.publish(*publish_args, run, keep=2, target="postgres")

    for _ in range(3):
        run_once()

    def stop(*_):
        raise Stop

    def versions():
        runs = publish.file_runs(published)
        return history.version(server.runs), history.version(runs)

    with monkeypatch.context() as patch:
        switch = history.switch
        patch.setattr(
            history,
            "switch",
            lambda new, path: stop() if path == published else switch(new, path),
        )
        with pytest.raises(Stop):
            run_once()
    assert versions() == {"publish": (5, 4), "rollback": (3, 4)}[step]
    publish.finish(published, "postgres")
    assert len(set(versions())) == 1
    assert litter(folder) == []
    publish.finish(published, "postgres")
    run_once()
    assert [run.run_id for run in publish.file_runs(published)] == [1, 2, 3, 4, 5, 6]
    assert len(set(versions())) == 1


def test_stopped_before_the_server_took_it(spoiled, tmp_path, monkeypatch):
    """What only waited for the server goes, and readers of both keep what they had."""
    server = Server()
    monkeypatch.setattr(load, "engine", lambda _: server)
    folder = tmp_path / "published"
    folder.mkdir()
    published = spoiled(folder)

    def run_once():
        known = publish.known_runs(published, "postgres")
        with history.recorded(published, "postgres", known) as run:
            build = tmp_path / "build.duckdb"
            publish.publish(build, published, run, target="postgres")

    def stop(*_):
        raise Stop

    run_once()
    with monkeypatch.context() as patch:
        patch.setattr(server, "publish", stop)
        with pytest.raises(Stop):
            run_once()
    assert publish.whole_file(published).is_file()
    publish.finish(published, "postgres")
    assert litter(folder) == []
    assert history.version(server.runs) == 2
    assert history.version(publish.file_runs(published)) == 2


# -- hashes, and a build from raw files and the repository alone --


@pytest.mark.parametrize(
    ("columns", "is_same"),
    [
        ("* from marts.mart order by id desc", True),
        ("* replace (rate + 1e-17 as rate) from marts.mart", False),
        ("* replace (id::integer as id) from marts.mart", False),
        ("* replace (coalesce(name, '') as name) from marts.mart", False),
        ("* replace (coalesce(name, '-') as name) from marts.mart", False),
        ("* replace (name || '3:' as name, ltrim(note, '3:') as note) "
         "from marts.mart", False),
        ("* from marts.mart union all (from marts.mart limit 1)", False),
        ("* from marts.mart union all from marts.mart", False),
        ("* from marts.mart where id <> 7", False),
        ("* rename (note as remark) from marts.mart", False),
    ],
)  # fmt: skip
def test_a_hash_is_of_the_rows(tmp_path, columns, is_same):
    """Another row, cell, digit, name or type is another hash, another order is not."""
    hashes = []
    for selected in ("* from marts.mart", columns):
        path = tmp_path / f"{len(hashes)}.duckdb"
        with duckdb.connect(str(path)) as con:
            con.execute(
                "create schema marts; create table marts.mart as "
                "select id, 1 / (id + 1.1e1) as rate, "
                "case when id > 3 then 'a' || id end as name, '3:b' as note "
                "from range(50) as numbers (id)"
            )
            con.execute(f"create or replace table marts.mart as select {selected}")
        hashes.append(publish.content_hashes(path))
    assert (hashes[0] == hashes[1]) == is_same


def test_hashes_are_printed(spoiled, tmp_path, undisturbed, shops):
    """`publish.py --hash` says every mart's, and the command writes nothing."""
    folder = tmp_path / "published"
    folder.mkdir()
    published = spoiled(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = run_publish(folder, "--hash")
    assert dict(line.split() for line in done.stdout.splitlines()) == (
        publish.content_hashes(published)
    )
    assert set(publish.content_hashes(published)) == set(MARTS)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def clean_clone(folder: Path) -> Path:
    """The project as git has it."""
    clone = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    return clone


@long
def test_restored_from_raw_files_and_repository(shops, undisturbed, tmp_path):
    """Elsewhere, from nothing else: every mart has the same hash."""
    clone = clean_clone(tmp_path)
    raw = shutil.copytree(shops[0], tmp_path / "backup")
    published = clone / "warehouse/repurchase.duckdb"
    command = [sys.executable, "scripts/build.py", "--currency", "CNY"]
    command += ["--connector", "standard", "--data", raw]
    ours = {name: text for name, text in os.environ.items() if name[:3] != "DBT"}
    subprocess.run(command, cwd=clone, env=ours, check=True)
    hashes = publish.content_hashes(published)
    assert hashes == undisturbed[shops[0]].hashes
    record("restore", marts=len(hashes), equal=len(hashes))
