"""What is odd about PostgreSQL: texts, statistics, publishing, who may read."""

import os
import signal
import subprocess
import sys
import threading

import duckdb
import history
import pytest
from conftest import DATABASES, MARTS, ROOT, run_build

pytestmark = pytest.mark.engines


def test_texts_sort_by_code_point(postgres_demo):
    """What models sort or take the smallest of does so whatever the database's locale.

    The other columns hold words of the models' own, or dates of NULL.
    """
    import postgres

    with postgres.connected() as connection:
        rows = connection.execute(
            "select distinct attname from pg_attribute "
            "inner join pg_class on pg_class.oid = attrelid "
            "inner join pg_collation on pg_collation.oid = attcollation "
            "where relnamespace = 'intermediate'::regnamespace and attnum > 0 "
            "and collname <> 'pg_c_utf8' and relname not in ('int_exchange_rates', "
            "'int_touched_orders', 'int_order_prints', 'int_read_files', "
            "'int_touched_customer_ids', 'int_touched_refunds')"
        ).fetchall()
    assert {name for (name,) in rows} <= {
        "row_status",
        "entity",
        "period_type",
        "refund_of",
        "dimension",
        "attribute",
        "basis",
        "buyer_type",
        "definition",
        "side",
        "state",
        "status",
        "stratum_type",
        "rfm_segment",
        "base_rfm_segment",
        "unreadable_column",
        "model",
        "model_status",
        "fit_status",
        "metric",
        "parameter",
        "order_id",  # NULL of refunds made from lines
        "secret",
        "settings",
    }


def test_no_server_is_one_line(attempt, monkeypatch):
    """Without a server the build stops at once and says so."""
    monkeypatch.setenv("REPURCHASE_PG_HOST", "127.0.0.1")
    monkeypatch.setenv("REPURCHASE_PG_PORT", "1")
    found = attempt("--target", "postgres")
    assert found.code == 1
    (line,) = found.errors.splitlines()
    assert line.startswith("build: PostgreSQL: connection")


def test_tables_have_statistics(postgres_demo):
    """Every table of the models is planned by its real size."""
    import postgres

    with postgres.connected() as connection:
        tables = connection.execute(
            "select relname, reltuples from pg_class "
            "where relkind = 'r' and relnamespace in "
            "('intermediate'::regnamespace, 'marts'::regnamespace)"
        ).fetchall()
    assert len(tables) > len(MARTS)
    of_one_row = {"finished_build", "identity_secret"}  # and no models
    assert {name for name, rows in tables if rows < 0} <= of_one_row


# -- publishing, of two small marts that have to agree --


class Shop:
    """A database with a build of two marts, published version by version."""

    def __init__(self):
        self.runs = []
        self.marts = ["fct_orders", "totals"]

    def build(self, amount: int, columns: str = "") -> None:
        """What dbt leaves: orders of an amount each, and their total."""
        orders = (
            f"select id, {amount} as amount{columns} from generate_series(1, 500) id"
        )
        execute(
            "drop schema if exists build_marts cascade",
            "create schema build_marts",
            f"create table build_marts.fct_orders as {orders}",
            f"create table build_marts.totals as select {amount * 500} as total",
            "comment on table build_marts.fct_orders is 'One row per order.'",
            "comment on table build_marts.totals is 'One row per shop.'",
            f"comment on column build_marts.totals.total is 'Sum of {amount} each.'",
        )

    def end(self, outcome: str, version: int | None = None) -> list:
        run = history.Run(len(self.runs) + 1, "postgres")
        run.started_at = "2024-05-01 00:00:00.000"
        self.runs.append(run.ended(outcome, version or run.run_id))
        return self.runs

    def publish(self, amount: int, keep: int = 1, columns: str = "") -> None:
        import postgres

        self.build(amount, columns)
        postgres.publish(self.marts, self.end("published"), keep)

    def roll_back(self, version: int) -> None:
        import postgres

        postgres.rollback(self.marts, self.end("rolled back", version))


def execute(*statements) -> list[tuple]:
    """Rows of the last statement; all are one transaction."""
    import postgres

    with postgres.connected() as connection:
        for statement in statements:
            found = connection.execute(statement)
        return found.fetchall() if found.description else []


def login(user: str | None = None):
    """A connection of its own to the tests' database."""
    import psycopg

    return psycopg.connect(
        host=os.environ["REPURCHASE_PG_HOST"],
        port=os.environ.get("REPURCHASE_PG_PORT", "5432"),
        user=user or os.environ.get("REPURCHASE_PG_USER", "postgres"),
        password=os.environ.get("REPURCHASE_PG_PASSWORD", ""),
        dbname=os.environ["REPURCHASE_PG_DATABASE"],
    )


@pytest.fixture
def shop(postgres_server, monkeypatch) -> Shop:
    """Nothing is published yet; the readers' role is there; who waits fails."""
    import postgres

    monkeypatch.setenv("REPURCHASE_PG_DATABASE", DATABASES[1])
    execute(f"alter database {DATABASES[1]} set lock_timeout = '20s'")
    found = execute("select nspname from pg_namespace where nspname ~ 'marts'")
    for (schema,) in found:
        execute(f"drop schema {schema} cascade")
    postgres.prepare()
    return Shop()


AGREE = (
    "select (select sum(amount) from marts.fct_orders), "
    "(select total from marts.totals), "
    "(select 500 * max(published_run_id) from marts.build_runs)"
)


def test_every_statement_sees_one_version(shop):
    """While versions are published a reader never waits, fails or mixes two."""
    shop.publish(1)
    seen, stop = [], threading.Event()

    def read():
        with login() as reader:
            reader.autocommit = True
            while not stop.is_set():
                seen.append(reader.execute(AGREE).fetchone())

    with login() as patient:
        patient.execute("set transaction isolation level repeatable read")
        assert patient.execute("select total from marts.totals").fetchone() == (500,)
        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        for amount in range(2, 12):
            shop.publish(amount)
        stop.set()
        for reader in readers:
            reader.join()
        assert patient.execute(AGREE).fetchone() == (500, 500, 500)
    assert len(set(seen)) > 2
    assert [row for row in seen if len(set(row)) > 1] == []


def test_a_failed_switch_changes_nothing(shop, monkeypatch):
    """An error between two marts leaves both as they were, and the next run works."""
    import postgres

    shop.publish(1)
    fill = postgres._fill

    def fail_at_totals(connection, table, source):
        if table.as_string() == '"marts"."totals"':
            raise KeyError("totals")
        fill(connection, table, source)

    with monkeypatch.context() as patch:
        patch.setattr(postgres, "_fill", fail_at_totals)
        with pytest.raises(KeyError):
            shop.publish(2)
    assert execute(AGREE) == [(500, 500, 500)]
    assert postgres.versions() == []
    shop.publish(3)
    assert execute(AGREE) == [(1500, 1500, 1500)]


def test_a_killed_switch_changes_nothing(shop, monkeypatch):
    """The server takes back what a session did that ended before its end."""
    import postgres
    import raw_files

    shop.publish(1)
    replace = postgres._replace

    def replace_and_die(connection, *arguments):
        replace(connection, *arguments)
        pid = connection.info.backend_pid
        with login() as other:
            other.execute("select pg_terminate_backend(%s)", [pid])

    with monkeypatch.context() as patch:
        patch.setattr(postgres, "_replace", replace_and_die)
        with pytest.raises(raw_files.InputError):
            shop.publish(2)
    assert execute(AGREE) == [(500, 500, 500)]
    assert postgres.versions() == []


KILLED_AFTER_THE_COMMIT = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import history, publish
if "kill" in sys.argv:
    switch = history.switch
    def kill(new, path):
        if path == published:
            os.kill(os.getpid(), signal.SIGKILL)
        switch(new, path)
    history.switch = kill
build, published = Path(sys.argv[2]), Path(sys.argv[3])
publish.finish(published, "postgres")
known = publish.known_runs(published, "postgres")
with history.recorded(published, "postgres", known) as run:
    publish.publish(build, published, run, target="postgres")
"""


def test_a_kill_after_the_commit_is_mended(shop, tmp_path):
    """The file is a version behind the server, and level again before the next run."""
    import postgres
    import publish

    database, published = tmp_path / "build.duckdb", tmp_path / "repurchase.duckdb"
    code = [sys.executable, "-c", KILLED_AFTER_THE_COMMIT, ROOT / "scripts"]

    def run(amount: int, *kill: str) -> int:
        shop.build(amount)
        with duckdb.connect(str(database)) as con:
            con.execute(
                "create schema if not exists marts; create or replace table "
                f"marts.fct_orders as select {amount} as amount from range(500); "
                "create or replace table marts.totals as select "
                f"{amount * 500} as total"
            )
        return subprocess.run([*code, database, published, *kill]).returncode

    def seen() -> list[tuple]:
        with duckdb.connect(str(published), read_only=True) as con:
            return con.execute(AGREE).fetchall()

    assert run(1) == 0
    assert run(2, "kill") == -signal.SIGKILL
    assert execute(AGREE) == [(1000, 1000, 1000)]
    assert seen() == [(500, 500, 500)]
    publish.finish(published, "postgres")
    assert seen() == [(1000, 1000, 1000)]
    assert run(3, "kill") == -signal.SIGKILL
    assert run(4) == 0
    assert execute(AGREE) == seen() == [(2000, 2000, 2000)]
    runs = publish.file_runs(published)
    assert [run.outcome for run in runs] == ["published"] * 4
    assert postgres.versions() == publish.versions(published) == [3]
    assert publish.version_before(published, "postgres") == 3


def test_what_readers_made_stays(shop):
    """Grants, a view, a table and schemas of somebody else outlive new versions."""
    shop.publish(1)
    execute(
        "drop role if exists repurchase_test_analyst",
        "create role repurchase_test_analyst nologin",
        "grant select, references on marts.totals to repurchase_test_analyst",
        "create view marts.their_view as select total from marts.totals",
        "create table marts.their_table as select 1 as one",
        "create schema marts_2024",
        "create schema marts_0",
    )
    shop.publish(2)
    shop.publish(3, keep=0, columns=", 'new' as state")
    assert execute("select total from marts.their_view") == [(1500,)]
    assert execute("select one from marts.their_table") == [(1,)]
    assert execute("select distinct state from marts.fct_orders") == [("new",)]
    assert execute(
        "select privilege_type from information_schema.role_table_grants where "
        "table_schema = 'marts' and grantee = 'repurchase_test_analyst' order by 1"
    ) == [("REFERENCES",), ("SELECT",)]
    schemas = "select nspname from pg_namespace where nspname ~ '^marts' order by 1"
    assert execute(schemas) == [("marts",), ("marts_0",), ("marts_2024",)]
    execute(
        "drop view marts.their_view",
        "drop owned by repurchase_test_analyst",
        "drop role repurchase_test_analyst",
    )


def test_a_table_made_anew_keeps_its_grants(shop):
    """Other columns make another table, which the same people may read."""
    shop.publish(1)
    execute("grant select on marts.fct_orders to public")
    shop.publish(2, columns=", 'new' as state")
    grantees = (
        "select grantee from information_schema.role_table_grants where "
        "table_schema = 'marts' and table_name = 'fct_orders' "
        "and privilege_type = 'SELECT' order by 1"
    )
    assert ("PUBLIC",) in execute(grantees)
    assert ("repurchase_reader",) in execute(grantees)


def test_a_view_in_the_way_is_one_line(shop):
    """Columns that a reader's view needs cannot go; nothing changes then."""
    import raw_files

    shop.publish(1, columns=", 'new' as state")
    execute("create view marts.their_view as select state from marts.fct_orders")
    with pytest.raises(raw_files.InputError, match="their_view") as caught:
        shop.publish(2)
    assert len(str(caught.value).splitlines()) == 1
    assert execute(AGREE) == [(500, 500, 500)]
    execute("drop view marts.their_view")


def test_a_mart_that_is_no_more_goes(shop):
    """Readers do not go on reading a table that nothing fills."""
    shop.publish(1)
    shop.marts = ["fct_orders"]
    shop.publish(2)
    found = execute(
        "select relname from pg_class where relname = 'totals' and "
        "relnamespace = 'marts'::regnamespace"
    )
    assert found == []


def test_comments_follow_the_build(shop):
    """A description that changed is changed for readers too."""
    comment = "select col_description('marts.totals'::regclass, 1)"
    shop.publish(1)
    assert execute(comment) == [("Sum of 1 each.",)]
    shop.publish(2)
    assert execute(comment) == [("Sum of 2 each.",)]
    table = "select obj_description('marts.build_runs'::regclass, 'pg_class')"
    assert execute(table)[0][0].startswith("One row per run")


def test_versions_are_kept_and_rolled_back(shop):
    """So many as asked for, each as it was, with comments; the history goes on."""
    import postgres

    for amount in (1, 2, 3, 4):
        shop.publish(amount, keep=2)
    assert postgres.versions() == [2, 3]
    assert execute("select total from marts_2.totals") == [(1000,)]
    shop.roll_back(3)
    assert execute("select total from marts.totals") == [(1500,)]
    comment = "select col_description('marts.totals'::regclass, 1)"
    assert execute(comment) == [("Sum of 3 each.",)]
    assert postgres.versions() == [2]
    shop.roll_back(2)
    assert postgres.versions() == []
    found = [(run.run_id, run.outcome) for run in postgres.known_runs()]
    assert found == [(n, "published") for n in (1, 2, 3, 4)] + [
        (5, "rolled back"),
        (6, "rolled back"),
    ]
    assert history.version(postgres.known_runs()) == 2
    shop.publish(7, keep=2)
    assert postgres.versions() == [2]


def test_a_second_build_on_the_server_says_so(shop, tmp_path):
    """Another build, of another machine, stops this one at once."""
    import postgres

    with postgres.alone():
        found = run_build(tmp_path, "--target", "postgres")
    assert (found.code, found.errors) == (
        1,
        f"build: another build is using PostgreSQL, database {DATABASES[1]}\n",
    )


# -- who may read --


@pytest.fixture
def reader(postgres_demo):
    """A connection of somebody who is a member of the readers' role and no more."""
    name = "repurchase_test_login"
    execute(
        f"drop role if exists {name}",
        f"create role {name} login in role repurchase_reader",
    )
    with login(name) as connection:
        connection.autocommit = True
        yield connection
    execute(f"drop role {name}")


def refused(connection, statement: str) -> bool:
    import psycopg

    try:
        connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        return True
    return False


def test_a_reader_reads_every_mart(reader):
    for mart in [*MARTS, *history.TABLES]:
        reader.execute(f"select * from marts.{mart} limit 1")
    assert reader.execute("select count(*) from marts.fct_customers").fetchone() == (
        2000,
    )


def test_a_reader_reads_nothing_else(reader, shop, monkeypatch):
    """No raw, staged, intermediate or unpublished table, no earlier version."""
    monkeypatch.setenv("REPURCHASE_PG_DATABASE", DATABASES[0])
    execute(
        "create schema if not exists raw_standard",
        "create table if not exists raw_standard.orders (email text)",
    )
    others = execute(
        "select nspname, relname from pg_class "
        "inner join pg_namespace on pg_namespace.oid = relnamespace "
        "where relkind in ('r', 'v') and nspname not in "
        "('marts', 'pg_catalog', 'information_schema')"
    )
    schemas = {schema for schema, _ in others}
    assert schemas >= {
        *("build_marts", "demo", "intermediate", "raw_standard", "rules", "staging")
    }
    readable = [
        f"{schema}.{name}"
        for schema, name in others
        if not refused(reader, f"select * from {schema}.{name}")
    ]
    assert readable == []


def tables_with_the_secret(connection) -> list[str]:
    """Relations, dbt's and the server's own, in a row of which it can be read."""
    relations = connection.execute(
        "select format('%I.%I', nspname, relname) from pg_class "
        "inner join pg_namespace on pg_namespace.oid = relnamespace "
        "where relkind in ('r', 'v', 'm') order by 1"
    ).fetchall()
    # In two parts: a session sees its own statements.
    holds = "select 1 from {} as held where strpos(held::text, 'demo' || '-secret') > 0"
    return [
        name
        for (name,) in relations
        if not refused(connection, holds.format(name))
        and connection.execute(holds.format(name)).fetchone()
    ]


def test_the_secret_stays_with_its_owner(reader, shop, monkeypatch):
    """No definition, comment, statistic or table that others read has it in it."""
    monkeypatch.setenv("REPURCHASE_PG_DATABASE", DATABASES[0])
    execute(
        "drop role if exists repurchase_test_stranger",
        "create role repurchase_test_stranger login",
    )
    with login("repurchase_test_stranger") as stranger:
        stranger.autocommit = True
        for somebody in (stranger, reader):
            assert tables_with_the_secret(somebody) == []
        execute("create view intermediate.told as select 'demo-secret' as secret")
        assert "pg_catalog.pg_views" in tables_with_the_secret(stranger)
    execute("drop view intermediate.told", "drop role repurchase_test_stranger")
    kept = execute("select secret from intermediate.identity_secret")
    assert kept == [("demo-secret",)]


@pytest.mark.parametrize(
    "statement",
    [
        "insert into marts.build_runs (run_id) values (0)",
        "update marts.fct_orders set net_amount = 0",
        "delete from marts.fct_orders",
        "truncate marts.fct_orders",
        "drop schema marts cascade",
        "create table marts.mine (id integer)",
        "create table public.mine (id integer)",
        "create schema mine",
    ],
)
def test_a_reader_writes_nothing(reader, statement):
    import psycopg

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute(statement)


def test_a_role_that_may_not_be_made_is_one_line(shop, tmp_path, monkeypatch):
    """The build says before anything else what an administrator has to do."""
    execute(
        "drop role if exists repurchase_test_builder",
        "create role repurchase_test_builder login",
    )
    monkeypatch.setenv("REPURCHASE_PG_USER", "repurchase_test_builder")
    monkeypatch.setenv("REPURCHASE_PG_READER", "nobody's role")
    found = run_build(tmp_path, "--target", "postgres")
    monkeypatch.undo()
    execute("drop role repurchase_test_builder")
    assert (found.code, found.errors) == (
        1,
        "build: PostgreSQL: there is no role nobody's role for readers and "
        "repurchase_test_builder may not create one: create it, or set "
        "REPURCHASE_PG_READER to one that is there, or to nothing\n",
    )
