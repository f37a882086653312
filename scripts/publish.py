"""Publish the marts of a build database as one file that readers may open.

The marts are copied into a new file beside the published one, which then takes its
name: a reader sees the old file or the new one, never a part of either. On PostgreSQL
and Spark the schema `marts` is switched as well. The version before stays, for
`--rollback`, until `--keep` newer ones are there. Whoever builds with dbt alone and
publishes with this has to see to it that the tests passed.
"""

import argparse
import contextlib
import hashlib
import os
import re
import shutil
import sys
from pathlib import Path

import duckdb
import history
import load
import raw_files

# DuckDB 2.0 writes a format that no 1.x reader opens, and most BI drivers are 1.x.
STORAGE_VERSION = "v1.4.0"
MARTS = "marts"
KEEP = 1  # versions before the published one


class PublishError(Exception):
    """Why there is nothing to publish, in one line."""


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


# -- the two ways to publish --


def publish(
    build_database: Path,
    published: Path,
    run: history.Run,
    keep: int = KEEP,
    target: str = "duckdb",
) -> list[tuple[str, int]]:
    """Publish the marts of a build with the history; (mart, rows) in name order.

    On another target than DuckDB its schema of the build goes to its readers at the
    same time. Raises PublishError where there are none, OSError, duckdb.Error or
    raw_files.InputError; readers then have what they had before.
    """
    with (
        history.opened(published) as log,
        new_version(published) as unfinished,
        duckdb.connect(str(build_database)) as con,
    ):
        attach(con, unfinished)
        rows = copy_marts(con)
        if not rows:
            raise PublishError(f"{build_database} has no marts; build first")
        count_rows(con, run, rows)
        done = run.ended(history.PUBLISHED, run.run_id)
        runs = add_history(con, log, done)
        detach(con)
        keep_version(published, keep)
        if target != "duckdb":
            unfinished = unfinished.rename(whole_file(published))
            load.engine(target).publish([mart for mart, _ in rows], runs, keep)
        history.switch(unfinished, published)
        run.outcome = done.outcome
        history.write(log, done)
        for version in versions(published)[: -keep or None]:
            version_file(published, version).unlink()
    return rows


def rollback(published: Path, run: history.Run, target: str = "duckdb") -> int:
    """Give readers the version before again; the run that it comes from.

    The version they had is gone then. Raises PublishError where no earlier version is
    kept, and what `publish` raises.
    """
    with history.opened(published) as log:
        version = version_before(published, target)
        earlier = version_file(published, version)
        done = run.ended("rolled back", version)
        with new_version(published) as unfinished:
            with duckdb.connect(str(earlier), read_only=True) as con:
                attach(con, unfinished)
                marts = [mart for mart, _ in copy_marts(con)]
                runs = add_history(con, log, done)
                detach(con)
            if target != "duckdb":
                unfinished = unfinished.rename(whole_file(published))
                load.engine(target).rollback(marts, runs)
            history.switch(unfinished, published)
        run.outcome = done.outcome
        history.write(log, done)
        earlier.unlink()
    return version


def finish(published: Path, target: str) -> None:
    """Give the file's readers what those of the server have.

    A run that was stopped between the two has left the whole file beside the published
    one; where the server took nothing from that run, the file goes.
    """
    whole = whole_file(published)
    if target == "duckdb" or not whole.is_file():
        return
    with history.opened(published):
        new, on_server, here = (
            history.last_switch(runs).run_id
            for runs in (
                file_runs(whole),
                load.engine(target).known_runs(),
                file_runs(published),
            )
        )
        if new == on_server > here:
            history.switch(whole, published)
        else:
            whole.unlink()


def version_before(published: Path, target: str) -> int:
    """The newest kept version older than the one readers have; else PublishError.

    Where somebody deleted the published file, every kept version is older.
    """
    if target == "duckdb":
        known, kept = file_runs(published), versions(published)
        is_lost = not published.is_file()
    else:
        engine = load.engine(target)
        known, kept, is_lost = engine.known_runs(), engine.versions(), False
    current = history.version(known)
    earlier = [version for version in kept if version < current or is_lost]
    where = published if target == "duckdb" else f"{target}, schema {MARTS}"
    if not earlier:
        raise PublishError(f"{where}: no earlier version is kept; see --keep")
    if max(earlier) not in versions(published):
        file = version_file(published, max(earlier))
        raise PublishError(f"{file} is not there, and {where} would go back to it")
    return max(earlier)


# -- a version is a file --


@contextlib.contextmanager
def new_version(published: Path):
    """A file to write beside the published one, gone at the end unless switched to."""
    unfinished = published.with_name(f".{published.name}.unfinished")
    wal = unfinished.with_name(unfinished.name + ".wal")
    unfinished.unlink(missing_ok=True)
    wal.unlink(missing_ok=True)
    try:
        yield unfinished
    finally:
        unfinished.unlink(missing_ok=True)
        wal.unlink(missing_ok=True)


def whole_file(published: Path) -> Path:
    """Where the new file waits while a server is switched."""
    return published.with_name(f".{published.name}.whole")


def attach(con, unfinished: Path) -> None:
    """Attach a new file as `published` and begin to write it."""
    con.execute(
        f"attach {literal(str(unfinished))} as published "
        f"(read_write, storage_version {literal(STORAGE_VERSION)})"
    )
    con.execute("begin")  # one commit: each waits for the disk
    con.execute(f"create schema published.{MARTS}")


def detach(con) -> None:
    """The new file is whole from here on."""
    con.execute("commit")
    con.execute("checkpoint published")
    con.execute("detach published")


def copy_marts(con, unwanted: dict[str, str] | None = None) -> list[tuple[str, int]]:
    """Copy every mart of the connection to `published`; (mart, rows) in name order.

    `unwanted` says by mart which rows stay behind, as a condition.
    """
    marts = con.execute(
        "select table_name, comment from duckdb_tables() "
        "where database_name = current_database() and schema_name = ? "
        "order by table_name",
        [MARTS],
    ).fetchall()
    return [
        (mart, copy_mart(con, mart, comment, (unwanted or {}).get(mart, "false")))
        for mart, comment in marts
        if mart not in history.TABLES
    ]


def copy_mart(con, mart: str, comment: str | None, unwanted: str = "false") -> int:
    """Copy one mart, without unwanted rows, with its descriptions; its rows."""
    table = f"published.{MARTS}.{quoted(mart)}"
    con.execute(
        f"create table {table} as select * from {MARTS}.{quoted(mart)} "
        f"where ({unwanted}) is not true"
    )
    described = con.execute(
        "select column_name, comment from duckdb_columns() where comment is not null "
        "and database_name = current_database() and schema_name = ? and table_name = ?",
        [MARTS, mart],
    ).fetchall()
    describe(con, table, comment, described)
    return con.execute(f"select count(*) from {table}").fetchall()[0][0]


def describe(con, table: str, comment: str | None, columns) -> None:
    """Give a table and its columns their descriptions."""
    if comment:
        con.execute(f"comment on table {table} is {literal(comment)}")
    for column, text in columns:
        con.execute(f"comment on column {table}.{quoted(column)} is {literal(text)}")


def add_history(con, log, done: history.Run) -> list[history.Run]:
    """Write all runs with this one to tables of `published`, and return them."""
    runs = [run for run in history.runs(log) if run.run_id != done.run_id] + [done]
    for name, rows in history.rows(runs).items():
        columns, comment = history.TABLES[name]
        table = f"published.{MARTS}.{name}"
        typed = ", ".join(f"{column} {kind}" for column, (kind, _) in columns.items())
        con.execute(f"create table {table} ({typed})")
        if rows:
            lists = ", ".join("unnest(?)" for _ in columns)
            values = [list(column) for column in zip(*rows, strict=True)]
            con.execute(f"insert into {table} select {lists}", values)
        described = [(column, text) for column, (_, text) in columns.items()]
        describe(con, table, comment, described)
    return runs


def count_rows(con, run: history.Run, marts) -> None:
    """Note in the run what went in and came out, and the as-of date."""
    run.mart_rows = sum(rows for _, rows in marts)
    if "source_reconciliation" in dict(marts):
        counted = con.execute(
            "select sum(raw_rows)::bigint, sum(accepted_rows)::bigint, "
            "sum(superseded_rows)::bigint, sum(rejected_rows)::bigint, "
            f"max(as_of_date)::varchar from {MARTS}.source_reconciliation"
        ).fetchall()[0]
        run.raw_rows, run.accepted_rows, run.superseded_rows = counted[:3]
        run.rejected_rows, run.as_of_date = counted[3:]


def keep_version(published: Path, keep: int) -> None:
    """Give the published file a second name, by its version."""
    if not keep or not published.is_file():
        return
    kept = version_file(published, history.version(file_runs(published)))
    kept.parent.mkdir(exist_ok=True)
    kept.unlink(missing_ok=True)
    try:
        os.link(published, kept)
    except OSError:  # a file system without links
        shutil.copy2(published, kept)


def version_file(published: Path, version: int) -> Path:
    """Where a version is kept."""
    folder = published.with_name(published.name + ".versions")
    return folder / f"{published.stem}_{version}{published.suffix}"


def versions(published: Path) -> list[int]:
    """The versions kept beside the published file, oldest first."""
    numbers = version_file(published, 0).parent.glob(f"*_*{published.suffix}")
    return sorted(int(path.stem.rpartition("_")[2]) for path in numbers)


def file_runs(published: Path) -> list[history.Run]:
    """The history that readers of a published file see; none where it has none."""

    def rows(table):
        found = con.execute(
            "select 1 from duckdb_tables() where schema_name = ? and table_name = ?",
            [MARTS, table],
        ).fetchall()
        if not found:
            return []
        selected = con.execute(f"from {MARTS}.{table}")
        names = [column[0] for column in selected.description]
        return [dict(zip(names, row, strict=True)) for row in selected.fetchall()]

    if not published.is_file():
        return []
    with duckdb.connect(str(published), read_only=True) as con:
        return history.read(rows)


def known_runs(published: Path, target: str) -> list[history.Run]:
    """The runs that readers of the file and of the target can see."""
    on_server = [] if target == "duckdb" else load.engine(target).known_runs()
    return [*file_runs(published), *on_server]


# -- what is in it --


def content_hashes(published: Path) -> dict[str, str]:
    """A hash of every mart by name, equal where columns, types and rows are equal.

    The order of rows is nothing, every digit of a float counts. The history of runs,
    which is of each file, is left out.
    """
    with duckdb.connect(str(published), read_only=True) as con:
        found = con.execute(
            "select table_name, column_name, data_type from duckdb_columns() "
            "where database_name = current_database() and schema_name = ? "
            "order by table_name, column_index",
            [MARTS],
        ).fetchall()
        columns = {}
        for mart, column, kind in found:
            columns.setdefault(mart, []).append((column, kind))
        return {
            mart: content_hash(con, mart, typed)
            for mart, typed in columns.items()
            if mart not in history.TABLES
        }


def content_hash(con, mart: str, columns: list[tuple[str, str]]) -> str:
    """Hash of a mart of these columns and types, see content_hashes."""
    texts = [f"{quoted(column)}::varchar" for column, _ in columns]
    cells = " || ".join(f"coalesce(length({t}) || ':' || {t}, '-')" for t in texts)
    rows = con.execute(
        "select count(*), sum(md5_number_lower(cells)), sum(md5_number_upper(cells)) "
        f"from (select {cells} as cells from {MARTS}.{quoted(mart)})"
    ).fetchall()
    return hashlib.sha256(repr((columns, rows)).encode()).hexdigest()


# -- the command --


def parse(argv) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--build-database", type=Path, default=Path("warehouse/build.duckdb"))
    add("--published", type=Path, default=Path("warehouse/repurchase.duckdb"))
    add("--keep", type=count, default=KEEP, metavar="N", help=KEEP_HELP)
    instead = parser.add_mutually_exclusive_group().add_argument
    instead("--rollback", action="store_true", help="publish the version before again")
    instead("--hash", action="store_true", help="print a hash of every published mart")
    add(
        "--target",
        choices=load.TARGETS,
        default="duckdb",
        help="with --rollback, the engine whose schema marts goes back too",
    )
    args = parser.parse_args(argv)
    if args.target != "duckdb" and not args.rollback:
        parser.error("--target is of --rollback; build.py publishes on an engine")
    return args


KEEP_HELP = f"versions kept for --rollback of publish.py (default {KEEP})"


def count(text: str) -> int:
    if not re.fullmatch("[0-9]{1,3}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 999")
    return int(text)


def run(args: argparse.Namespace) -> str:
    """Publish, roll back or look; what to say of it."""
    if args.hash:
        hashes = content_hashes(args.published)
        return "\n".join(f"{mart:<36}{found}" for mart, found in hashes.items())
    load.prepare(args.target)
    if args.rollback:
        with load.alone(args.target):
            finish(args.published, args.target)
            version_before(args.published, args.target)
            known = known_runs(args.published, args.target)
            with history.recorded(args.published, args.target, known) as this:
                version = rollback(args.published, this, args.target)
        return f"{args.published} is that of run {version} again"
    if not args.build_database.is_file():
        raise PublishError(f"there is no {args.build_database}; build first")
    known = known_runs(args.published, args.target)
    with history.recorded(args.published, args.target, known) as this:
        rows = publish(args.build_database, args.published, this, args.keep)
    return "\n".join(f"{mart:<32}{count:>14,}" for mart, count in rows)


def main(argv=None) -> int:
    args = parse(argv)
    try:
        print(run(args))
    except (PublishError, raw_files.InputError, OSError, duckdb.Error) as error:
        print(f"publish: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
