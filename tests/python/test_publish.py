"""What readers get: audited tables in one file that is whole at every moment."""

import functools
import hashlib
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import types
from concurrent import futures
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import build as build_script
import conftest
import duckdb
import history
import publish
import pytest
import verify
from conftest import DEMO, MARTS, ROOT, Build, run_build

SCALARS = {"BIGINT", "BOOLEAN", "DATE", "DOUBLE", "TIMESTAMP", "VARCHAR"}


@pytest.fixture
def copied(demo, tmp_path) -> Build:
    """The demo's marts as published and as built, copied, for a test to spoil."""
    for path in (demo.published, demo.database):
        shutil.copy(demo.published, tmp_path / path.name)
    return Build(
        0, "", "", tmp_path / demo.published.name, tmp_path / demo.database.name
    )


# -- the file --


def test_all_marts_and_nothing_else(demo):
    """The published file holds marts and history, no staging, rule or raw table."""
    tables = demo.rows(
        "select schema_name, table_name from duckdb_tables() order by all"
    )
    assert tables == [("marts", name) for name in sorted([*MARTS, *history.TABLES])]
    assert demo.rows("select * from duckdb_views() where not internal") == []


def test_older_readers_can_open_it(demo):
    """The storage version is v1.4.0: DuckDB 1.4 and newer read it."""
    assert demo.row(
        "select tags['storage_version'] from duckdb_databases() where not internal"
    ) == ("v1.4.0+",)


def test_only_scalar_types(demo):
    """No list, struct, huge integer or zoned time that a BI driver cannot read."""
    types = demo.rows(
        "select distinct data_type from duckdb_columns() where not internal"
    )
    found = {name for (name,) in types if not name.startswith("DECIMAL(18,")}
    assert found <= SCALARS


def test_money_is_decimal_and_rates_are_doubles(demo):
    """Amounts, shares and keys have the types that sums and joins need."""
    types = {
        (mart, column): data_type
        for mart, column, data_type in demo.rows(
            "select table_name, column_name, data_type from duckdb_columns() "
            "where not internal"
        )
    }
    for (mart, column), data_type in types.items():
        if re.search("_amount(_by_|$)|monetary|average_order_value", column):
            assert data_type == "DECIMAL(18,2)", (mart, column)
        if column.endswith(("_rate", "_share", "ci_low", "ci_high")):
            assert data_type == "DOUBLE", (mart, column)
        if column.endswith(("_key", "_customers", "_number")):
            is_text = (mart, column) == ("rejected_rows", "row_key")
            assert data_type == ("VARCHAR" if is_text else "BIGINT"), (mart, column)
        if column.endswith(("_date", "_month", "_start")) and not any(
            word in column for word in ("_to_", "_amount", "customers_at")
        ):
            assert data_type == "DATE", (mart, column)


def test_everything_is_described(demo):
    """Every mart and every column carries its description."""
    assert (
        demo.rows(
            "select table_name, column_name from duckdb_columns() "
            "where not internal and coalesce(comment, '') = ''"
        )
        == []
    )
    comments = dict(demo.rows("select table_name, comment from duckdb_tables()"))
    assert all("One row per" in comment for comment in comments.values())


def test_published_equals_built(demo):
    """Publishing copies every row of every mart."""
    with duckdb.connect(str(demo.database), read_only=True) as con:
        for mart in MARTS:
            built = con.execute(f"select * from marts.{mart} order by all nulls first")
            assert built.fetchall() == demo.mart(mart), mart


# -- the moment of publishing --


def run_publish(built: Build, *arguments) -> int:
    """publish.py on the files of a build; its exit code."""
    files = ["--published", built.published, "--build-database", built.database]
    return publish.main([*map(str, files), *map(str, arguments)])


def change(built: Build, amount: int) -> None:
    """Make the next version different: every order is worth the amount."""
    with duckdb.connect(str(built.database)) as con:
        con.execute("update marts.fct_orders set net_amount = ?", [amount])


def amount(built: Build) -> int:
    """What the orders of the published file are worth."""
    (value,) = built.row("select distinct net_amount from fct_orders")
    return int(value)


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


class Crash(Exception):
    pass


def test_a_failed_copy_leaves_the_published_file(copied, monkeypatch):
    """A crash in the middle of copying leaves what readers see, and no litter."""
    before = copied.published.read_bytes()
    copy_mart = publish.copy_mart

    def crash_at_customers(con, mart, *more):
        if mart == "fct_customers":
            raise Crash
        return copy_mart(con, mart, *more)

    monkeypatch.setattr(publish, "copy_mart", crash_at_customers)
    with pytest.raises(Crash):
        run_publish(copied)
    assert copied.published.read_bytes() == before
    assert names(copied.published.parent) == [
        "build.duckdb",
        "repurchase.duckdb",
        "repurchase.duckdb.runs",
    ]


def test_what_a_killed_run_left_is_cleaned_up(copied):
    """An unfinished file of an earlier run is no hindrance and does not stay."""
    folder = copied.published.parent
    (folder / ".repurchase.duckdb.unfinished").write_bytes(b"half a file")
    (folder / ".repurchase.duckdb.unfinished.wal").write_bytes(b"half a log")
    assert run_publish(copied) == 0
    assert [name for name in names(folder) if "unfinished" in name] == []
    assert copied.row("select count(*) from fct_customers") == (2000,)


@pytest.mark.parametrize("step", ["publish", "rollback"])
def test_a_reader_keeps_its_file(copied, step):
    """Who has the old file open goes on reading it; who opens anew has the new one."""
    change(copied, 1)
    assert run_publish(copied) == 0
    change(copied, 2)
    assert run_publish(copied) == 0
    reader = (
        "import duckdb, sys\n"
        "con = duckdb.connect(sys.argv[1], read_only=True)\n"
        "count = 'select count(*), sum(net_amount) from marts.fct_orders'\n"
        "print(con.execute(count).fetchall(), flush=True)\n"
        "sys.stdin.readline()\n"
        "print(con.execute(count).fetchall(), flush=True)\n"
    )
    command = [sys.executable, "-c", reader, copied.published]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        before = process.stdout.readline()
        change(copied, 3)
        options = {"publish": ["--keep", "0"], "rollback": ["--rollback"]}
        assert run_publish(copied, *options[step]) == 0
        after, _ = process.communicate("go on\n", timeout=60)
    assert before == after and before.startswith("[(")
    assert amount(copied) == {"publish": 3, "rollback": 1}[step]


def fail(*_):
    raise build_script.BuildError("no")


@pytest.mark.parametrize("step", ["run_dbt", "run_verify"])
def test_a_failed_build_publishes_nothing(copied, monkeypatch, step):
    """Where dbt or verify fails, the published file stays as it was, byte by byte."""
    before = copied.published.read_bytes()
    monkeypatch.setattr(build_script, "run_dbt", lambda *_: [])
    monkeypatch.setattr(build_script, step, fail)
    found = run_build(copied.published.parent, "--full-refresh")
    assert (found.code, found.errors.splitlines()[-1]) == (1, "build: no")
    assert copied.published.read_bytes() == before


def test_a_build_that_differs_from_the_raw_files_is_not_published(copied, monkeypatch):
    """A build database without marts fails verify, so nothing is published."""
    before = copied.published.read_bytes()

    def build_nothing(*_):
        duckdb.connect(os.environ["REPURCHASE_BUILD_DATABASE"]).close()
        return []

    monkeypatch.setattr(build_script, "run_dbt", build_nothing)
    found = run_build(copied.published.parent, "--full-refresh")
    assert found.code == 1
    assert found.output.count("not in the database") == len(MARTS)
    assert found.errors.splitlines()[-1] == (
        "build: the marts differ from the raw files; nothing was published"
    )
    assert copied.published.read_bytes() == before


class Node:
    """A result of dbt's, as far as build.py looks at it."""

    def __init__(self, name, status="success", resource_type="test"):
        self.status, self.message = status, f"Got 1 result in {name}"
        self.node = types.SimpleNamespace(
            name=name, alias=name, resource_type=resource_type, schema="marts"
        )


def run_with_results(copied, monkeypatch, *results) -> Build:
    """A build of what is there already, of which dbt says this."""

    class Dbt:
        def __init__(self, callbacks):
            pass

        def invoke(self, _):
            shutil.copy(copied.published, os.environ["REPURCHASE_BUILD_DATABASE"])
            success = all(result.status in ("pass", "warn") for result in results)
            marts = [Node(mart, resource_type="model") for mart in MARTS]
            return types.SimpleNamespace(
                exception=None, result=[*results, *marts], success=success
            )

    monkeypatch.setattr(conftest, "ParsedOnce", Dbt)
    monkeypatch.setattr(build_script, "run_verify", lambda *_: None)
    return run_build(copied.published.parent, "--full-refresh")


def test_a_warning_is_shown_and_counted(copied, monkeypatch):
    """A test of severity warn stops nothing, is named, and stands in the summary."""
    results = Node("assert_a", "pass"), Node("assert_b", "warn")
    found = run_with_results(copied, monkeypatch, *results)
    assert found.code == 0
    assert "  warning in assert_b: Got 1 result in assert_b" in found.errors
    assert "tests that warned                 1   (named above)" in found.output
    assert copied.row(
        "select tests_passed, tests_warned, tests_failed, outcome from build_runs "
        "order by run_id desc limit 1"
    ) == (1, 1, 0, "published")


def test_a_failed_test_stops_publishing_and_is_named_later(copied, monkeypatch):
    """Readers keep the old file; the next version's history says which test failed."""
    before = copied.published.read_bytes()
    found = run_with_results(
        copied, monkeypatch, Node("assert_a", "pass"), Node("assert_b", "fail")
    )
    assert found.code == 1
    assert found.errors.splitlines()[-1] == (
        "build: dbt did not finish; nothing was published"
    )
    assert copied.published.read_bytes() == before
    assert run_with_results(copied, monkeypatch, Node("assert_a", "pass")).code == 0
    assert copied.rows(
        "select outcome, tests_passed, tests_failed, published_run_id from build_runs "
        "order by run_id desc limit 2"
    ) == [
        ("published", 1, 0, 3),
        ("failed: build and test, assert_b", 1, 1, None),
    ]


# -- the history of runs --


def history_of(built: Build) -> list[tuple]:
    return built.rows(
        "select run_id, outcome, published_run_id from build_runs order by run_id"
    )


def test_the_history_says_what_went_in_and_came_out(demo, demo_rows):
    """Rows in are those of the seeds, rows out those of all marts."""
    run = demo.row(
        "select run_id, engine, outcome, published_run_id, raw_rows, "
        "accepted_rows + superseded_rows + rejected_rows, mart_rows, tests_failed, "
        "tests_passed > 200, as_of_date, finished_at > started_at, "
        "duration_seconds > 0 from build_runs"
    )
    raw_rows = sum(len(rows) for rows in demo_rows.values())
    marts = sum(demo.row(f"select count(*) from {mart}")[0] for mart in MARTS)
    as_of = demo.row("select max(as_of_date) from rfm_scores")[0]
    expected = (1, "duckdb", "published", 1, raw_rows, raw_rows, marts, 0)
    assert run == (*expected, True, as_of, True, True)


def test_the_history_tells_inputs_apart(demo, demo_rows):
    """Every seed with its rows and the hash of its bytes."""
    expected = [
        (
            1,
            "standard",
            entity,
            f"demo_{entity}.csv",
            len(rows),
            hashlib.sha256((DEMO / f"demo_{entity}.csv").read_bytes()).hexdigest(),
        )
        for entity, rows in sorted(demo_rows.items())
    ]
    assert demo.rows("from build_run_inputs order by entity") == expected


def test_files_of_a_shop_are_told_apart(copied, monkeypatch, tmp_path):
    """Two files of one entity are two inputs, each with its own rows and hash."""
    columns = "order_id,customer_id,ordered_at,status,currency,gross_amount\n"
    row = "{},a,2024-05-01,paid,CNY,1\n"
    shop = tmp_path / "shop"
    shop.mkdir()
    texts = {
        "orders_1.csv": columns + row.format(1),
        "orders_2.csv": columns + row.format(2) + row.format(3),
    }
    for name, text in texts.items():
        (shop / name).write_text(text)
    shutil.copy(copied.published, tmp_path / "marts.db")

    def build_marts(*_):
        with duckdb.connect(os.environ["REPURCHASE_BUILD_DATABASE"]) as con:
            con.execute(f"attach '{tmp_path / 'marts.db'}' as old (read_only)")
            con.execute("create schema marts")
            for mart in MARTS:
                con.execute(f"create table marts.{mart} as from old.marts.{mart}")
        return MARTS

    monkeypatch.setattr(build_script, "run_dbt", build_marts)
    monkeypatch.setattr(build_script, "run_verify", lambda *_: None)
    data = ["--connector", "standard", "--data", shop]
    assert run_build(copied.published.parent, "--full-refresh", *data).code == 0
    assert copied.rows(
        "select connector, entity, file_name, row_count, content_hash "
        "from build_run_inputs where run_id = 2 order by file_name"
    ) == [
        ("standard", "orders", name, rows, hashlib.sha256(text.encode()).hexdigest())
        for (name, text), rows in zip(texts.items(), [1, 2], strict=True)
    ]


@pytest.mark.parametrize(
    ("given", "by", "said"),
    [
        ([], None, ""),
        (["--as-of-by", "arrival"], None, ""),
        (["--as-of", "2024-05-31"], "event", "(by event date: "),
        (
            ["--as-of", "2024-05-31", "--as-of-by", "arrival"],
            "arrival",
            "(by arrival: ",
        ),
    ],
)
def test_a_past_as_of_date_says_what_it_leaves_out(
    copied, monkeypatch, given, by, said
):
    """dbt and verify are told, and history and summary say it where a day is given."""
    told = []

    def build_marts(variables, *_):
        told.append(variables)
        return MARTS

    monkeypatch.setattr(build_script, "run_dbt", build_marts)
    monkeypatch.setattr(
        build_script, "run_verify", lambda _, vars, __: told.append(vars)
    )
    done = run_build(copied.published.parent, *given)
    assert done.code == 0, done.errors
    options = dict(zip(given[::2], given[1::2], strict=True))
    names = {"as_of_date": "--as-of", "as_of_by": "--as-of-by"}
    expected = {name: options[o] for name, o in names.items() if o in options}
    assert told == [expected, expected]
    query = "select as_of_by from build_runs order by run_id desc limit 1"
    assert copied.row(query) == (by,)
    lines = [line for line in done.output.splitlines() if line.startswith("as of ")]
    assert len(lines) == bool(by) and all(said in line for line in lines)


def test_failed_runs_come_with_the_next_version(copied, monkeypatch):
    """A run that failed is not published and not forgotten, nor is one killed."""
    monkeypatch.setattr(build_script, "run_dbt", fail)
    assert run_build(copied.published.parent, "--full-refresh").code == 1
    killed = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "import history\n"
        "with history.recorded(Path(sys.argv[2]), 'duckdb', []):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", killed, ROOT / "scripts", copied.published]
    assert subprocess.run(command).returncode == -signal.SIGKILL
    assert history_of(copied) == [(1, "published", 1)]
    shutil.copy(copied.published, copied.database)  # the failed run began anew
    assert run_publish(copied) == 0
    assert history_of(copied) == [
        (1, "published", 1),
        (2, "failed: build and test", None),
        (3, "did not finish", None),
        (4, "published", 4),
    ]


def test_a_clock_moved_back_changes_no_order(copied, monkeypatch):
    """Runs are numbered in their order, whatever the clock says."""

    class Clock(datetime):
        @classmethod
        def now(cls, zone=None):
            return datetime(2001, 1, 1, tzinfo=zone)

    monkeypatch.setattr(history, "datetime", Clock)
    assert run_publish(copied) == 0
    assert copied.rows(
        "select run_id, year(started_at) = 2001, finished_at >= started_at, "
        "duration_seconds between 0 and 600 from build_runs order by run_id"
    ) == [(1, False, True, True), (2, True, True, True)]
    assert publish.versions(copied.published) == [1]


def test_a_log_that_is_lost_or_cut_off(copied):
    """What readers can see is not forgotten, and half a line is no hindrance."""
    log = copied.published.with_name("repurchase.duckdb.runs")
    assert run_publish(copied) == 0
    log.unlink()
    assert run_publish(copied) == 0
    with open(log, "a") as file:
        file.write('{"run_id": 4, "engine"')
    assert run_publish(copied) == 0
    assert history_of(copied) == [(run, "published", run) for run in (1, 2, 3, 4)]


def test_a_run_killed_after_the_switch_was_published(copied):
    """The published file knows better than a log that was not written to its end."""
    assert run_publish(copied) == 0
    log = copied.published.with_name("repurchase.duckdb.runs")
    lines = log.read_text().splitlines(keepends=True)
    assert '"published_run_id": 2' in lines[-1]
    log.write_text("".join(lines[:-1]))
    assert run_publish(copied) == 0
    assert history_of(copied) == [(run, "published", run) for run in (1, 2, 3)]


# -- versions --


@pytest.mark.parametrize("keep", [0, 1, 2])
def test_so_many_versions_are_kept(copied, keep):
    """The newest versions before the published one, each as it was."""
    for number in (2, 3, 4, 5):
        change(copied, number)
        assert run_publish(copied, "--keep", keep) == 0
    kept = publish.versions(copied.published)
    assert kept == [3, 4][2 - keep :]
    for number in kept:
        file = publish.version_file(copied.published, number)
        version = Build(0, "", "", file, copied.database)
        assert amount(version) == number
    assert amount(copied) == 5
    assert run_publish(copied, "--keep", 0) == 0
    assert publish.versions(copied.published) == []


def test_rollback_goes_back_version_by_version(copied, capsys):
    """What is published again is the version before, and the history says so."""
    for number in (2, 3, 4):
        change(copied, number)
        assert run_publish(copied, "--keep", 2) == 0
    assert run_publish(copied, "--rollback") == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"{copied.published} is that of run 3 again"
    )
    assert amount(copied) == 3
    assert run_publish(copied, "--rollback") == 0
    assert amount(copied) == 2
    assert run_publish(copied, "--rollback") == 1
    assert capsys.readouterr().err == (
        f"publish: {copied.published}: no earlier version is kept; see --keep\n"
    )
    assert amount(copied) == 2
    assert run_publish(copied, "--keep", 2) == 0
    assert amount(copied) == 4
    assert history_of(copied)[1:] == [
        (2, "published", 2),
        (3, "published", 3),
        (4, "published", 4),
        (5, "rolled back", 3),
        (6, "rolled back", 2),
        (7, "published", 7),
    ]
    assert publish.versions(copied.published) == [2]


def test_a_version_keeps_its_descriptions(copied):
    """After a rollback every mart and column is described as before."""
    described = "select table_name, column_name, comment from duckdb_columns() "
    described += "where not internal order by all"
    before = copied.rows(described)
    assert run_publish(copied) == 0
    assert run_publish(copied, "--rollback") == 0
    assert copied.rows(described) == before
    assert sorted({row[0] for row in before}) == sorted([*MARTS, *history.TABLES])


# -- who may read and write --


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


@pytest.fixture
def open_umask():
    """Files are for everybody unless somebody sees to it."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_a_build_is_not_for_everybody(copied, monkeypatch, open_umask):
    """Whatever the umask: nobody else reads the build or writes anything."""
    published = copied.published
    published.unlink()

    def build_marts(*_):
        with duckdb.connect(os.environ["REPURCHASE_BUILD_DATABASE"]) as con:
            con.execute("create schema marts; create table marts.mart (id int)")
        return ["mart"]

    monkeypatch.setattr(build_script, "run_dbt", build_marts)
    monkeypatch.setattr(build_script, "run_verify", lambda *_: None)
    monkeypatch.setattr(build_script, "summary", lambda *_: "")
    assert run_build(published.parent, "--full-refresh").code == 0
    assert mode(published) == "0o664"
    assert mode(copied.database) == "0o660"
    assert mode(published.with_name("build.duckdb.lock")) == "0o660"
    assert mode(published.with_name("repurchase.duckdb.runs")) == "0o660"


def test_the_demo_is_not_for_everybody(demo):
    """dbt's own build file is closed to others too."""
    assert demo.database.stat().st_mode & 0o007 == 0
    assert demo.published.stat().st_mode & 0o002 == 0


def test_a_new_version_gives_the_access_of_the_old(copied, open_umask):
    """A published file that only a group may read stays that way."""
    copied.published.chmod(0o640)
    assert run_publish(copied) == 0
    assert mode(copied.published) == "0o640"
    copied.published.chmod(0o666)
    assert run_publish(copied) == 0
    assert mode(copied.published) == "0o664"


# -- what may go wrong --


def test_a_build_without_marts_is_not_published(demo, tmp_path, capsys):
    """Readers keep what they have."""
    built = replace(
        demo, database=tmp_path / "empty.duckdb", published=tmp_path / "shop.duckdb"
    )
    shutil.copy(demo.published, built.published)
    duckdb.connect(str(built.database)).close()
    assert run_publish(built) == 1
    assert f"{built.database} has no marts; build first" in capsys.readouterr().err
    assert built.mart("fct_orders") == demo.mart("fct_orders")


def limited(code: str, *arguments) -> subprocess.CompletedProcess:
    """Run Python code in a process that has scripts and arguments at hand."""
    start = f"import sys; sys.path.insert(0, {str(ROOT / 'scripts')!r})\n"
    command = [sys.executable, "-c", start + code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("step", ["publish", "build"])
def test_a_full_disk_is_one_line(copied, step):
    """No file can grow beyond two megabytes: the old version stays, without litter."""
    before = copied.published.read_bytes()
    code = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, 2 << 20))\n"
        f"import {step}\n"
        f"sys.exit({step}.main(sys.argv[1:]))\n"
    )
    files = ["--published", copied.published, "--build-database", copied.database]
    done = limited(code, *files)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    if step == "publish":
        assert done.stderr.count("\n") == 1
        assert last.startswith("publish: ") and "unfinished" in last
    else:
        assert last.startswith("build: ") and "File too large" in done.stderr
    assert copied.published.read_bytes() == before
    litter = [n for n in names(copied.published.parent) if "unfinished" in n]
    assert litter == []
    if step == "publish":
        assert run_publish(copied) == 0
        assert [row[1] for row in history_of(copied)] == [
            "published",
            "failed: starting",
            "published",
        ]


@pytest.mark.parametrize("step", ["publish", "build"])
def test_a_folder_that_must_not_be_written_is_one_line(copied, step):
    """It is said at once, before anything is built, and nothing changes."""
    with tempfile.TemporaryDirectory(prefix="repurchase_") as folder:
        closed = Path(folder) / "closed"
        closed.mkdir()
        shutil.copy(copied.published, closed)
        database = shutil.copy(copied.published, Path(folder) / "build.duckdb")
        for path, access in [(database, 0o666), (folder, 0o755), (closed, 0o555)]:
            os.chmod(path, access)
        code = (
            f"import os, {step}\n"
            "if os.geteuid() == 0:\n"
            "    os.setgroups([])\n"
            "    os.setuid(65534)\n"  # nobody
            f"sys.exit({step}.main(sys.argv[1:]))\n"
        )
        published = closed / "repurchase.duckdb"
        done = limited(code, "--published", published, "--build-database", database)
        assert (done.returncode, done.stdout) == (1, "")
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"{step}: ") and "ermission denied" in line
        assert published.read_bytes() == copied.published.read_bytes()
        assert names(closed) == ["repurchase.duckdb"]


def test_two_publish_one_after_the_other(copied):
    """Who comes while somebody publishes waits, and is the next version."""
    code = "import publish; sys.exit(publish.main(sys.argv[1:]))"
    files = ["--published", copied.published, "--build-database", copied.database]
    with futures.ThreadPoolExecutor() as pool:
        with history.opened(copied.published):
            second = pool.submit(limited, code, *files)
            with pytest.raises(futures.TimeoutError):
                second.result(timeout=3)
            assert history_of(copied) == [(1, "published", 1)]
        assert second.result().returncode == 0
    assert history_of(copied) == [(1, "published", 1), (2, "published", 2)]


# -- verify would have seen it --


@pytest.fixture(scope="module")
def read_once():
    """The demo is read and recomputed once; every comparison is done anew."""
    with pytest.MonkeyPatch.context() as patch:
        known = {}
        for name in ("read_inputs", "decide_rows", "marts_of"):
            function = getattr(verify, name)

            def remembered(*arguments, name=name, function=function):
                if name not in known:
                    known[name] = function(*arguments)
                return known[name]

            patch.setattr(verify, name, functools.wraps(function)(remembered))
        yield


def differing(database: Path, capsys) -> list[str]:
    """Names of the marts that verify reports; its exit code has to agree."""
    capsys.readouterr()
    arguments = ["--database", database, "--connector", "standard", "--data", DEMO]
    code = verify.main([*map(str, arguments)])
    lines = capsys.readouterr().out.splitlines()
    found = [line.split()[1] for line in lines if line.startswith("DIFF")]
    assert code == bool(found)
    assert len([line for line in lines if line.startswith("ok")]) == (
        len(MARTS) - len(found)
    )
    return found


ONE_ROW = "rowid = (select min(rowid) from marts.{mart} where {where})"
CHANGES = [
    # mart, the change of a cell, which row has it
    ("fct_orders", "net_amount = net_amount + 0.01", "is_repeat_order"),
    ("fct_orders", "order_number = order_number + 1", "is_repeat_order"),
    ("fct_orders", "customer_key = null", "is_first_order"),
    ("fct_order_items", "discount_amount = discount_amount - 0.01", "line_number = 2"),
    ("fct_refunds", "booked_date = booked_date + 1", "refund_of = 'purchase'"),
    ("fct_customers", "refund_amount = refund_amount + 0.01", "true"),
    ("fct_customers", "second_purchase_date = null", "purchase_count > 1"),
    ("fct_customers", "is_left_censored = not is_left_censored", "true"),
    ("dim_products", "category = upper(category)", "category is not null"),
    ("dim_dates", "holiday_name = null", "holiday_name is not null"),
    ("rfm_scores", "r_score = 6 - r_score", "r_score = 1"),
    ("rfm_segments", "revenue_share = revenue_share + 1e-9", "true"),
    ("rfm_thresholds", "upper_bound = upper_bound + 0.01", "score = 3"),
    ("cohort_retention", "retention_rate = 1 - retention_rate", "retention_rate < .4"),
    ("cohort_retention", "retention_rate = 0", "retention_rate is null"),
    ("cohort_retention", "is_mature = true", "not is_mature"),
    ("cohort_retention", "cumulative_ltv = cumulative_ltv + 0.01", "is_mature"),
    ("cohort_retention_averages", "cohorts = cohorts + 1", "true"),
    ("repurchase_rates", "ci_high = ci_high + 1e-10", "ci_high is not null"),
    ("repurchase_rates", "eligible_customers = customers", "not is_mature"),
    ("repurchase_rates_by_period", "repeat_orders = repeat_orders - 1", "orders > 9"),
    (
        "cohort_retention_by_first_attribute",
        "retention_difference = 0",
        "retention_difference > 0",
    ),
    ("purchase_gaps", "km_p50 = km_p50 + 1", "purchase_number is null"),
    ("repurchase_curves", "ci_low = ci_low + 1e-8", "ci_low between .2 and .8"),
    ("order_sequence", "median_gap_days = median_gap_days + 1", "purchase_number = 2"),
    ("purchase_cycles", "cycle_days = cycle_days + 0.001", "gaps > 1"),
    ("growth_accounting", "churned = 0", "churned is null"),
    ("growth_accounting", "retained = retained + 1", "true"),
    ("customer_lifecycle", "lifecycle_state = 'lost'", "lifecycle_state = 'lapsed'"),
    ("lifecycle_transitions", "customers = customers + 1", "from_state <> to_state"),
    ("lifecycle_limits", "suggested_days = 1", "suggested_days is null"),
    ("reactivations", "purchases_after = purchases_after + 1", "true"),
    ("churn_rates", "false_alarm_rate = 0", "not is_mature"),
    ("churn_drivers", "odds_ratio = 1 / odds_ratio", "odds_ratio > 1.1"),
    ("rfm_history", "base_f_score = base_f_score + 1", "base_f_score < 5"),
    ("rfm_threshold_history", "upper_bound = upper_bound + 0.01", "score = 3"),
    ("rfm_migrations", "net_amount = net_amount + 0.01", "from_segment = 'none'"),
    ("calendar_revenue", "guest_orders = guest_orders + 1", "true"),
    ("revenue_layer_cake", "net_amount = net_amount + 0.01", "true"),
    ("revenue_concentration", "gini = gini + 1e-8", "decile = 1"),
    ("seasonality", "cycles_used = cycles_used + 1", "cycles_used > 0"),
    ("purchase_times", "orders = orders + 1", "orders > 0"),
    ("product_performance", "units = units + 1", "units > 0"),
    ("product_affinity", "lift = lift * 1.000001", "true"),
    ("next_products", "transitions = transitions + 1", "true"),
    ("channel_performance", "new_customers = new_customers - 1", "true"),
    ("customer_profiles", "risk = 'low'", "risk = 'high'"),
    ("rejected_rows", "reason_code = 'x'", "true"),
    ("source_reconciliation", "rejected_amount = rejected_amount + 0.01", "true"),
]


def test_verify_passes_what_was_built(read_once, demo, capsys):
    """The demo as published differs from its raw files in nothing."""
    assert differing(demo.published, capsys) == []


@pytest.mark.parametrize(("mart", "change", "where"), CHANGES)
def test_verify_sees_a_changed_cell(read_once, copied, capsys, mart, change, where):
    """One cell changed, by a cent or a flag, is seen and the mart is named."""
    with duckdb.connect(str(copied.published)) as con:
        row = ONE_ROW.format(mart=mart, where=where)
        (changed,) = con.execute(
            f"update marts.{mart} set {change} where {row}"
        ).fetchone()
        assert changed == 1
    assert differing(copied.published, capsys) == [mart]


def test_verify_sees_a_dropped_row_in_each_mart(read_once, copied, capsys):
    """One row less in every mart: every mart is named."""
    with duckdb.connect(str(copied.published)) as con:
        for mart in MARTS:
            row = ONE_ROW.format(mart=mart, where="true")
            con.execute(f"delete from marts.{mart} where {row}")
    assert differing(copied.published, capsys) == MARTS


def test_verify_sees_a_row_twice(read_once, copied, capsys):
    """A join that fans out is seen in every mart."""
    with duckdb.connect(str(copied.published)) as con:
        for mart in MARTS:
            con.execute(f"insert into marts.{mart} from marts.{mart} limit 1")
    assert differing(copied.published, capsys) == MARTS


def test_verify_sees_a_missing_mart_and_column(read_once, copied, capsys):
    """A mart that is not there and a column that is not there are differences."""
    with duckdb.connect(str(copied.published)) as con:
        con.execute("drop table marts.rfm_segments")
        con.execute("alter table marts.repurchase_rates drop column ci_low")
    assert differing(copied.published, capsys) == ["rfm_segments", "repurchase_rates"]
