"""What the measured processes do: `tasks.py NAME ARGUMENT...` calls a function."""

import json
import os
import resource
import sys
import threading
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SQL = PROJECT / "benchmarks" / "core_marts.sql"
ENTITIES = ["customers", "order_items", "orders", "products", "refunds"]
VARIABLES = {
    "connectors": {"standard": {"entities": ENTITIES, "schema": "raw_standard"}}
}
EVERYTHING = ["--exclude", "path:seeds/demo"]
KINDS = ["--resource-type", "model", "--resource-type", "seed"]
FIT = ["path:models/intermediate/prediction", "path:models/marts/prediction"]
ONE_BY_ONE = ["--threads", "1"]
AHEAD = ["+customer_predictions,path:models/intermediate/prediction"]
AHEAD += ["customer_predictions", "model_parameters"]


def run_dbt(database, command: str, *arguments, callbacks=()) -> None:
    """Run dbt in this process as build.py does, in a database with its raw tables."""
    from dbt.cli.main import dbtRunner

    os.environ["REPURCHASE_BUILD_DATABASE"] = str(database)
    folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    given = ["--log-level", "none", "--vars", json.dumps(VARIABLES), *folders]
    done = dbtRunner(callbacks=list(callbacks)).invoke([command, *given, *arguments])
    if not done.success:
        failed = [
            f"{node.node.name}: {node.message}"
            for node in done.result or []
            if node.status in ("error", "fail")
        ]
        said = " ".join(str(done.exception or failed).split())
        sys.exit(f"dbt {command} failed: {said}")


def models(database: str, *selected: str, callbacks=()) -> None:
    """Seeds and models, all or those selected by dbt's arguments, without tests."""
    given = ["--full-refresh", *KINDS, *(selected or EVERYTHING)]
    run_dbt(database, "build", *given, callbacks=callbacks)


def grow(database: str, made: str, *selected: str, callbacks=()) -> None:
    """Load a shop's files and make the selected models, from what was made before."""
    say("load ...")
    import load
    import raw_files

    os.environ["REPURCHASE_BUILD_DATABASE"] = database
    load.load("duckdb", "standard", raw_files.discover("standard", Path(made)))
    say("models ...")
    run_dbt(database, "build", *KINDS, *selected, callbacks=callbacks)


def tests(database: str) -> None:
    """All data tests."""
    run_dbt(database, "test", *EVERYTHING, "resource_type:unit_test")


def publish(database: str, published: str) -> None:
    """The marts of a build, to a published file."""
    import history
    import publish as publishing

    published = Path(published)
    with history.recorded(published, "duckdb", []) as run:
        publishing.publish(Path(database), published, run)


def floor(database: str) -> None:
    """The least that anything about customers costs: one scan and one group by."""
    import duckdb

    with duckdb.connect(database, read_only=True) as con:
        con.execute(
            "select count(*), sum(spent) from (select customer_id, "
            "sum(gross_amount::decimal(18, 2)) as spent "
            "from raw_standard.orders group by customer_id)"
        ).fetchall()


def hand_sql(database: str) -> None:
    """The hand-written script, in a database with the same raw tables."""
    import duckdb

    os.chdir(PROJECT)
    with duckdb.connect(database) as con:
        con.execute(SQL.read_text("utf-8"))


def compare(marts: str, rival: str) -> None:
    """Exit 1 and name the columns where a rival's tables differ from the marts.

    `rival` is a DuckDB file with a schema `core`, or a folder of Parquet files.
    """
    import duckdb
    from benchmarking import equality

    with duckdb.connect() as con:
        con.execute(f"attach '{marts}' as marts (read_only)")
        con.execute("create schema ours; create schema theirs")
        if Path(rival).is_file():
            con.execute(f"attach '{rival}' as rival (read_only)")
        for mart in equality.COLUMNS:
            theirs = f"rival.core.{mart}"
            if Path(rival).is_dir():
                theirs = f"'{rival}/{mart}.parquet'"
            con.execute(f"create view ours.{mart} as from marts.marts.{mart}")
            con.execute(f"create view theirs.{mart} as from {theirs}")
        found = {mart: equality.differences(con, mart) for mart in equality.COLUMNS}
    if differing := {mart: columns for mart, columns in found.items() if columns}:
        sys.exit(f"{rival} differs: {differing}")


def split(folder: str, made: str) -> None:
    """Cut a shop into what was there and what came later."""
    from benchmarking import shops

    shops.split(Path(folder), Path(made))


def profile(database: str, found: str, *selected: str) -> None:
    """CPU and spill of each of `models`, one after the other, to a JSON file."""
    watch = Watch(Path(f"{database}.tmp"))
    given = [*(selected or EVERYTHING), *ONE_BY_ONE]
    models(database, *given, callbacks=[watch])
    note(watch, database, found)


def increment_profile(database: str, found: str, made: str, *selected: str) -> None:
    """The same of models that `grow` makes."""
    watch = Watch(Path(f"{database}.tmp"))
    grow(database, made, *selected, *ONE_BY_ONE, callbacks=[watch])
    note(watch, database, found)


def note(watch: "Watch", database: str, found: str) -> None:
    """What was watched and how large its tables are, to a JSON file."""
    import duckdb

    with duckdb.connect(database) as con:
        for name, model in watch.models.items():
            model |= size_of(con, model.pop("relation"), name)
    Path(found).write_text(json.dumps(watch.models), "utf-8")


def size_of(con, relation: str, name: str) -> dict:
    """Rows and MB of a model's table; of a view neither."""
    tables = con.execute(
        "select 1 from duckdb_tables() where table_name = ?", [name]
    ).fetchall()
    if not tables:
        return {"rows": None, "mb": None}
    (rows,) = con.execute(f"select count(*) from {relation}").fetchone()
    (blocks,) = con.execute(
        "select count(distinct block_id) from pragma_storage_info(?) "
        "where block_id >= 0",
        [".".join(part.strip('"') for part in relation.split(".")[1:])],
    ).fetchone()
    return {"rows": rows, "mb": round(blocks * 0.262144, 2)}


class Watch:
    """A callback of dbt that notes what the process used between the start and end of
    each node, and the most that DuckDB had spilled meanwhile."""

    def __init__(self, spill: Path):
        self.spill, self.models, self.most = spill, {}, 0
        threading.Thread(target=self.look, daemon=True).start()

    def look(self) -> None:
        while True:
            self.most = max(self.most, spilled(self.spill))
            time.sleep(0.05)

    def __call__(self, event) -> None:
        if event.info.name == "NodeStart":
            self.begun, self.most = cpu(), 0
        elif event.info.name == "NodeFinished":
            node = event.data.node_info
            self.models[node.node_name] = {
                "relation": node.node_relation.relation_name,
                "folder": Path(node.node_path).parent.as_posix(),
                "cpu_s": round(cpu() - self.begun, 3),
                "spill_mb": round(max(self.most, spilled(self.spill)) / 1e6, 1),
            }


def spilled(folder: Path) -> int:
    """Bytes in DuckDB's folder for what does not fit in memory."""
    try:
        return sum(entry.stat().st_size for entry in os.scandir(folder))
    except FileNotFoundError:
        return 0


def cpu() -> float:
    """User and system seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def demo(folder: str) -> None:
    """Build the demo as `make build` does, saying where a new part of it begins."""
    say("interpreter and imports ...")
    import build

    started, processes, phases = [], [], Phases()
    sys.addaudithook(
        lambda event, _: (
            processes.append(event)
            if event in ("subprocess.Popen", "os.fork", "os.posix_spawn")
            else None
        )
    )
    runner = build.dbtRunner

    class Runner(runner):
        def invoke(self, arguments, **given):
            started.append(arguments[0])
            self.callbacks.append(phases)
            say("dbt's start and parsing ...")
            return super().invoke(arguments, **given)

    build.dbtRunner = Runner
    files = ["--build-database", f"{folder}/b.duckdb", "--report"]
    code = build.main([*files, "--published", f"{folder}/p.duckdb"])
    counted = {"dbt_runs": len(started), "processes_started": len(processes)}
    counted["nodes"] = phases.nodes
    Path(folder, "counted.json").write_text(json.dumps(counted), "utf-8")
    sys.exit(code)


class Phases:
    """A callback of dbt that says when parsing is over, and counts nodes and their
    seconds by what they are."""

    def __init__(self):
        self.is_parsed, self.nodes = False, {}

    def __call__(self, event) -> None:
        if event.info.name == "FoundStats" and not self.is_parsed:
            self.is_parsed = True
            say("models and tests ...")
        elif event.info.name == "NodeFinished":
            kind = event.data.node_info.resource_type
            count, seconds = self.nodes.get(kind, (0, 0.0))
            seconds += event.data.run_result.execution_time
            self.nodes[kind] = (count + 1, round(seconds, 3))


def fit(database: str) -> None:
    """The chapter of predictions, with its evaluation."""
    run_dbt(database, "run", "--select", *FIT)


def fit_ahead(database: str) -> None:
    """Predictions alone, without their evaluation on the past."""
    run_dbt(database, "run", "--select", *AHEAD)


def lifetimes(database: str) -> None:
    """The same with the library: three models, every customer scored."""
    import duckdb
    import lifetimes as library
    import pandas as pd

    with duckdb.connect(database, read_only=True) as con:
        data = con.execute(
            """
            select
                customer_key,
                count(*) - 1 as x,
                (max(purchase_date) - min(purchase_date)) / 7.0 as t_x,
                (any_value(as_of_date) - min(purchase_date)) / 7.0 as age,
                coalesce(avg(net_amount) filter (where purchase_number > 1), 0) as spend
            from intermediate.int_purchases
            cross join intermediate.int_observation
            group by customer_key
            """
        ).df()
    history = data["x"], data["t_x"], data["age"]
    scores = pd.DataFrame({"customer_key": data["customer_key"]})
    for name in ("BetaGeoFitter", "ModifiedBetaGeoFitter"):
        model = getattr(library, name)().fit(*history)
    spend = library.GammaGammaFitter()
    repeats = data[(data["x"] > 0) & (data["spend"] > 0)]
    spend.fit(repeats["x"], repeats["spend"])
    scores["probability_alive"] = model.conditional_probability_alive(*history)
    for days in (30, 90, 365):
        expected = model.conditional_expected_number_of_purchases_up_to_time
        scores[f"expected_{days}d"] = expected(days / 7, *history)
    scores["value"] = spend.conditional_expected_average_profit(
        data["x"], data["spend"].clip(lower=0)
    )
    scores["clv"] = spend.customer_lifetime_value(
        model, *history, data["spend"].clip(lower=0), time=12, freq="W"
    )
    duckdb.sql(f"copy (from scores) to '{database}.lifetimes.parquet'")


def largest_difference(database: str) -> None:
    """Print that of expected purchases in 90 days, as a share of their mean."""
    import duckdb

    with duckdb.connect(database, read_only=True) as con:
        (found,) = con.execute(
            f"""
            select max(abs(ours.expected_purchases_90d - theirs.expected_90d))
                / avg(theirs.expected_90d)
            from marts.customer_predictions as ours
            join '{database}.lifetimes.parquet' as theirs using (customer_key)
            """
        ).fetchone()
    print(found)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(PROJECT / "scripts"))
    globals()[sys.argv[1]](*sys.argv[2:])
