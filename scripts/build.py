"""Build, test, verify and publish the marts from the demo shop or from own orders."""

import argparse
import contextlib
import hashlib
import json
import os
import re
import sys
import time
from datetime import date
from pathlib import Path

import duckdb
import history
import load
import publish
import raw_files
import report
import verify
import yaml
from dbt.cli.main import dbtRunner
from dbt_common.exceptions import CompilationError

PROJECT = Path(__file__).resolve().parent.parent
DEMO = PROJECT / "seeds" / "demo"
LARGEST_SEGMENTS = 5
FAILURES_NAMED = 5  # in the history
AS_OF_BY = {
    "event": "by event date: with what came or was corrected since",
    "arrival": "by arrival: without what came or was corrected since",
}
SCHEMAS = {"demo", "intermediate", "main", "marts", "rules", "staging"}


class BuildError(Exception):
    """What stopped the build, in one line."""


def load_raw(
    inputs, target: str, encoding, delimiter
) -> tuple[dict, list[str], list[dict]]:
    """Load every input into the target; the vars it asks for, currencies and prints.

    `inputs` are pairs of connector and path. Raises raw_files.InputError.
    """
    connectors, x_columns, prints = {}, [], []
    for connector, path in inputs:
        files = raw_files.discover(connector, path, encoding, delimiter)
        rows = load.load(target, connector, files)
        for entity, count in rows.items():
            say(f"  {connector} {entity}: {count:,} rows")
        for name in files.ignored:
            say(f"  {connector}: {name} is none of its entities and was left aside")
        settings = {"entities": sorted(rows), "schema": f"raw_{connector}"}
        if mark := raw_files.decimal_mark(files):
            settings["decimal_mark"] = mark
        connectors[connector] = settings
        orders = [file for file in files if file.entity == "orders"]
        x_columns += [raw_files.plain(x) for file in orders for x in file.x_columns]
        prints += [history.fingerprint(connector, file) for file in files]
    found = currencies(target, connectors)
    result = {"connectors": connectors, "x_columns": sorted(set(x_columns))}
    if len(found) == 1:
        result["reporting_currency"] = found[0]
    return result, found, prints


def demo_prints() -> list[dict]:
    """The fingerprints of the demo's seeds."""
    files = raw_files.discover("standard", DEMO)
    for file in files:
        file.rows = sum(1 for _ in raw_files.records(file))
    return [history.fingerprint("standard", file) for file in files]


def currencies(target: str, connectors) -> list[str]:
    """The currency codes of the loaded orders, in name order."""
    found = set()
    for connector in connectors:
        fixed = source_meta(connector).get("currency")
        if fixed:
            found.add(fixed)
            continue
        entity = "orders" if connector == "standard" else "order_lines"
        written = load.values(target, connector, entity, "currency")
        found |= {text.strip(" ").upper() for text in written}
    return sorted(code for code in found if re.fullmatch("[A-Z]{3}", code))


def source_meta(connector: str) -> dict:
    """What the connector's source says of all its rows, such as their currency."""
    path = PROJECT / "models/staging" / connector / f"_{connector}__sources.yml"
    source = yaml.safe_load(path.read_text("utf-8"))["sources"][0]
    return source.get("meta", {})


def project_vars() -> dict:
    """The project's vars and their defaults."""
    return yaml.safe_load((PROJECT / "dbt_project.yml").read_text("utf-8"))["vars"]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def phase(name: str, times: dict, run: history.Run):
    """Announce a phase and keep how long it took."""
    say(f"{name} ...")
    run.doing = name
    start = time.perf_counter()
    yield
    times[name] = time.perf_counter() - start


@contextlib.contextmanager
def only_build(database: Path):
    """Hold the build database for this process; BuildError when another has it."""
    try:
        with history.locked(database.with_name(database.name + ".lock")):
            yield
    except history.Held:
        raise BuildError(f"another build is using {database}") from None


@contextlib.contextmanager
def private():
    """What is written in it is not for everybody: it holds the raw data."""
    umask = os.umask(0o077)
    os.umask(umask | 0o007)
    try:
        yield
    finally:
        os.umask(umask)


class Progress:
    """Says what dbt has finished, one line for every twenty steps, and what our macros
    have to say."""

    def __init__(self):
        self.steps = 0

    def __call__(self, event) -> None:
        if event.info.name == "NodeFinished":
            self.steps += 1
            if self.steps % 20 == 0:
                say(f"  {self.steps} steps, last {event.data.node_info.node_name}")
        elif event.info.name == "JinjaLogInfo":
            say(f"  {event.data.msg}")


def reason(error: Exception) -> str:
    """What stopped dbt, in one line; a model's name where it could not be compiled."""
    if isinstance(error, CompilationError):
        text = " ".join(str(error.msg).split())
        is_model = getattr(error.node, "resource_type", None) == "model"
        return f"{error.node.name}: {text}" if is_model else text
    return str(error).strip().splitlines()[-1].strip()


def run_dbt(variables: dict, is_demo: bool, args, run: history.Run) -> list[str]:
    """Build and test every model; the names of the marts. BuildError: what failed.

    The tests are counted in the run.
    """
    schema = publish.MARTS
    if args.target != "duckdb":
        schema = load.BUILD_MARTS
        variables = variables | {"marts_schema": schema}
    folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    # Unit tests check the code and not the data: `make test` runs them.
    exclude = ["resource_type:unit_test"] + ([] if is_demo else ["path:seeds/demo"])
    os.environ["REPURCHASE_CODE"] = code_hash()
    result = dbtRunner(callbacks=[Progress()]).invoke(
        ["build", "--log-level", "none", "--target", args.target]
        + ["--full-refresh"] * args.full_refresh
        + ["--vars", json.dumps(variables), *folders, "--exclude", *exclude]
    )
    if result.exception:
        raise BuildError(reason(result.exception))
    results = result.result or []
    tests = [node.status for node in results if node.node.resource_type == "test"]
    run.tests_passed = tests.count("pass")
    run.tests_warned = tests.count("warn")
    run.tests_failed = tests.count("fail") + tests.count("error")
    failed = [node.node.name for node in results if node.status in ("error", "fail")]
    for node in results:
        if node.status in ("error", "fail"):
            message = " ".join((node.message or "").split())
            say(f"  {node.status} in {node.node.name}: {message}")
        elif node.status == "warn":
            say(f"  warning in {node.node.name}: {node.message}")
    if not result.success:
        run.doing += ", " + ", ".join(failed[:FAILURES_NAMED] or ["no test reached"])
        raise BuildError("dbt did not finish; nothing was published")
    built = [node.node for node in results if node.node.resource_type == "model"]
    return sorted(model.alias for model in built if model.schema == schema)


def code_hash() -> str:
    """What tells one version of the project's macros and readers from another."""
    digest = hashlib.sha256()
    scripts = PROJECT / "scripts"
    macros = sorted((PROJECT / "macros").rglob("*.sql"))
    for path in [*macros, scripts / "raw_files.py", scripts / "load.py"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def can_be_read(database: Path) -> bool:
    """Whether a build left a database behind that this one can go on from."""
    try:
        duckdb.connect(str(database)).close()
    except duckdb.Error:
        return False
    return True


def run_verify(inputs, variables: dict, database: Path) -> None:
    """Recompute the marts from the raw files; BuildError where they differ."""
    arguments = ["--database", str(database), "--vars-json", json.dumps(variables)]
    for connector, path in inputs:
        arguments += ["--connector", connector, "--data", str(path)]
    if verify.main(arguments) != 0:
        raise BuildError("the marts differ from the raw files; nothing was published")


def summary(published: Path, currency: str, times: dict, page=None) -> str:
    """The published figures a person looks at first, and where the report is."""
    with duckdb.connect(str(published), read_only=True) as con:

        def rows(sql):
            return con.execute(sql).fetchall()

        ((customers,),) = rows("select count(*) from marts.fct_customers")
        ((orders, net),) = rows(
            "select coalesce(sum(orders), 0), "
            "coalesce(sum(net_amount_by_order_date), 0) from marts.calendar_revenue"
        )
        rates = rows(
            "select repurchase_rate, repurchasers, eligible_customers "
            "from marts.repurchase_rates "
            "where cohort_start is null and window_days = 90"
        )
        ((rejected,),) = rows("select count(*) from marts.rejected_rows")
        ((warned, as_of, as_of_by),) = rows(
            "select tests_warned, as_of_date, as_of_by from marts.build_runs "
            "where published_run_id is not null order by run_id desc limit 1"
        )
        segments = rows(
            "select rfm_segment, rfm_segment_zh, customers, net_amount "
            "from marts.rfm_segments where customers > 0 "
            f"order by customers desc, segment_rank limit {LARGEST_SEGMENTS}"
        )
    lines = [
        f"customers           {customers:>15,}",
        f"orders              {orders:>15,}",
        f"net revenue         {net:>15,.2f} {currency}",
        f"90-day repurchase   {rate_text(rates)}",
        f"rejected rows       {rejected:>15,}   (marts.rejected_rows says why)",
        "largest segments",
    ]
    if as_of_by:
        lines.insert(0, f"{'as of':<20}{as_of!s:>15}   ({AS_OF_BY[as_of_by]})")
    if warned:
        lines.insert(-1, f"tests that warned   {warned:>15,}   (named above)")
    lines += [
        f"  {name:<22}{count:>10,} customers {amount:>15,.2f} {currency}  {chinese}"
        for name, chinese, count, amount in segments
    ]
    took = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in times.items())
    lines.append(f"published           {short(published)}")
    if page:
        lines.append(f"report              {short(page)}")
    return "\n".join([*lines, f"took                {took}"])


def short(path: Path) -> str:
    """The path as a person in this folder would type it."""
    path = path.resolve()
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def rate_text(rates) -> str:
    if not rates or rates[0][0] is None:
        return f"{'-':>15}   (nobody's 90 days are over)"
    rate, repurchasers, eligible = rates[0]
    return f"{rate:>15.1%}   ({repurchasers:,} of {eligible:,} whose 90 days are over)"


def parse(argv) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="Without --connector and --data the demo shop is built.",
    )
    add = parser.add_argument
    add("--target", choices=load.TARGETS, default="duckdb", help="engine to build on")
    add("--connector", action="append", default=[], help="one for each --data")
    add("--data", action="append", default=[], type=Path, help="file or folder")
    add(
        "--as-of",
        type=iso_date,
        metavar="DATE",
        help="leave out what is dated later (default: latest order date)",
    )
    add(
        "--as-of-by",
        choices=AS_OF_BY,
        help="event (default): with what came or was corrected since; arrival: "
        "without it, as far as updated_at of the rows tells",
    )
    add("--currency", type=currency_code, help="that amounts are reported in")
    add("--time-zone", type=time_zone, help="of the shop, such as Asia/Shanghai")
    add("--encoding", help="of the files, where it cannot be told from them")
    add("--delimiter", help="of the files, where it cannot be told from them")
    add("--vars", type=json_object, default={}, help="other vars as a JSON object")
    add("--published", type=Path, default=PROJECT / "warehouse/repurchase.duckdb")
    add("--full-refresh", action="store_true", help="keep nothing of the last build")
    add("--report", action="store_true", help="draw report.html beside it, too")
    add(
        "--keep",
        type=publish.count,
        default=publish.KEEP,
        metavar="N",
        help=publish.KEEP_HELP,
    )
    add("--build-database", type=Path, default=PROJECT / "warehouse/build.duckdb")
    args = parser.parse_args(argv)
    if len(args.connector) != len(args.data):
        parser.error("give one --data for each --connector")
    if unknown := sorted(args.vars.keys() - project_vars().keys()):
        known = ", ".join(project_vars())
        parser.error(f"--vars: there is no var {unknown[0]!r}; there are {known}")
    if not re.fullmatch(r"[\w .-]+", args.build_database.stem):
        parser.error(
            f"{args.build_database.name!r} names a database in SQL: use letters, "
            "digits, blanks and _ . - for it"
        )
    for path in (args.published, args.build_database):
        if path.stem.lower() in SCHEMAS:
            parser.error(
                f"{path.name} would be taken for a schema; choose another name"
            )
    return args


def iso_date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a day such as 2024-05-31"
        ) from None


def currency_code(text: str) -> str:
    if not re.fullmatch("[A-Z]{3}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a code such as CNY")
    return text


def time_zone(text: str) -> str:
    known = duckdb.execute("select name from pg_timezone_names()").fetchall()
    if (text,) not in known:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a name such as Asia/Shanghai"
        )
    return text


def json_object(text: str) -> dict:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise argparse.ArgumentTypeError(f"no JSON: {error}") from None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError("not a JSON object")
    return value


def run(args: argparse.Namespace) -> str:
    """The whole job; returns the summary. Raises BuildError or raw_files.InputError."""
    times: dict[str, float] = {}
    database, published = args.build_database.resolve(), args.published
    for path in (database, published):
        path.parent.mkdir(parents=True, exist_ok=True)
    os.environ["REPURCHASE_BUILD_DATABASE"] = str(database)
    load.prepare(args.target)
    with only_build(database), load.alone(args.target):
        publish.finish(published, args.target)
        known = publish.known_runs(published, args.target)
        with history.recorded(published, args.target, known) as this:
            with private():
                variables = build_and_verify(args, database, times, this)
            settings = project_vars() | variables
            this.as_of_by = settings["as_of_by"] if settings["as_of_date"] else None
            with phase("publish", times, this):
                publish.publish(database, published, this, args.keep, args.target)
    page = published.with_name("report.html") if args.report else None
    if page:
        with phase("report", times, this):
            report.report(published, page)
    return summary(published, settings["reporting_currency"], times, page)


def build_and_verify(args, database: Path, times: dict, this: history.Run) -> dict:
    """Everything before readers see it; the vars it was built with."""
    inputs = list(zip(args.connector, args.data, strict=True))
    options = {
        "as_of_date": args.as_of,
        "as_of_by": args.as_of_by,
        "reporting_currency": args.currency,
        "time_zone": args.time_zone,
    }
    given = args.vars | {name: value for name, value in options.items() if value}
    if args.full_refresh or args.target != "duckdb" or not can_be_read(database):
        for leftover in (database, database.with_name(database.name + ".wal")):
            leftover.unlink(missing_ok=True)
    if args.target == "duckdb":
        load.drop_others(args.connector)
    variables = given
    if inputs:
        with phase("load", times, this):
            found, used, this.inputs = load_raw(
                inputs, args.target, args.encoding, args.delimiter
            )
        variables = found | given
        if len(used) > 1 and "reporting_currency" not in given:
            raise BuildError(
                f"the orders are in {', '.join(used[:5])}; say with --currency "
                "which to report in (rates stand in seeds/rules/exchange_rates.csv)"
            )
    else:
        this.inputs = demo_prints()
    with phase("build and test", times, this):
        marts = run_dbt(variables, not inputs, args, this)
    if args.target == "duckdb":
        load.drop_other_marts(marts)
    else:
        with phase("fetch", times, this):
            load.fetch_marts(args.target, marts, database)
    with phase("verify", times, this):
        run_verify(inputs or [("standard", DEMO)], variables, database)
    return variables


def main(argv=None) -> int:
    args = parse(argv)
    try:
        print(run(args))
    except (
        BuildError,
        raw_files.InputError,
        publish.PublishError,
        report.ReportError,
    ) as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    except (OSError, duckdb.Error) as error:
        print(f"build: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
