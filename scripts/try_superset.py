"""Try the published file in a real Superset and compare its charts with the marts.

Superset starts on loopback with a home of its own that is gone afterwards. The file
becomes a database, three marts become datasets with a chart each, all through the
REST API; every chart is asked for its data, one again after the file was replaced.
`make try-superset` installs and runs it.
Exit code 0: equal; 1: not equal, or Superset failed; 2: nothing to try with.
"""

import argparse
import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parent.parent
USER = "admin"
PATIENCE = 600  # seconds for each step of the start
CONFIG = """
SECRET_KEY = {key!r}
SQLALCHEMY_DATABASE_URI = {metadata!r}
WTF_CSRF_ENABLED = False  # the calls carry a token instead
TALISMAN_ENABLED = False  # there is no https on loopback
"""


class SupersetError(Exception):
    """What Superset could not do, in one line."""


# -- what is tried --


def total(column: str) -> dict:
    """The sum of a column, as Superset's forms write it."""
    return {
        "expressionType": "SIMPLE",
        "aggregate": "SUM",
        "column": {"column_name": column},
        "label": column,
    }


def month(column: str) -> dict:
    """The month of a date column, as Superset's queries write it."""
    return {
        "columnType": "BASE_AXIS",
        "expressionType": "SQL",
        "sqlExpression": column,
        "label": column,
        "timeGrain": "P1M",
    }


CHARTS = [
    {
        "mart": "rfm_segments",
        "title": "Customers by RFM segment",
        "kind": "echarts_timeseries_bar",
        "form": {
            "x_axis": "rfm_segment",
            "metrics": [total("customers")],
            "x_axis_sort": "customers",
            "orientation": "horizontal",
            "show_value": True,
        },
        "query": {
            "columns": ["rfm_segment", "rfm_segment_zh"],
            "metrics": [total("customers"), total("net_amount")],
        },
        "marts_say": "select rfm_segment, rfm_segment_zh, customers, net_amount "
        "from marts.rfm_segments",
    },
    {
        "mart": "calendar_revenue",
        "title": "Net revenue by month",
        "kind": "echarts_timeseries_line",
        "form": {
            "x_axis": "date_day",
            "time_grain_sqla": "P1M",
            "metrics": [total("net_amount_by_order_date")],
        },
        "query": {
            "columns": [month("date_day")],
            "metrics": [total("net_amount_by_order_date")],
        },
        "marts_say": "select date_trunc('month', date_day), "
        "sum(net_amount_by_order_date) from marts.calendar_revenue group by all",
    },
    {
        "mart": "repurchase_rates",
        "title": "Repurchase within N days, all customers",
        "kind": "table",
        "form": {
            "query_mode": "raw",
            "all_columns": ["window_days", "repurchase_rate", "eligible_customers"],
            "adhoc_filters": [
                {
                    "clause": "WHERE",
                    "expressionType": "SIMPLE",
                    "subject": "cohort_start",
                    "operator": "IS NULL",
                }
            ],
        },
        "query": {
            "columns": ["window_days", "repurchase_rate", "eligible_customers"],
            "filters": [{"col": "cohort_start", "op": "IS NULL"}],
        },
        "marts_say": "select window_days, repurchase_rate, eligible_customers "
        "from marts.repurchase_rates where cohort_start is null",
    },
]
CHANGE = "update marts.rfm_segments set customers = customers + 1"  # of the first


# -- Superset --


@contextlib.contextmanager
def superset(command: Path, home: Path):
    """A running Superset: its address and the password of `admin`."""
    password = secrets.token_hex(8)
    config = home / "superset_config.py"
    config.write_text(
        CONFIG.format(
            key=secrets.token_hex(32), metadata=f"sqlite:///{home}/superset.db"
        )
    )
    environment = os.environ | {
        "SUPERSET_CONFIG_PATH": str(config),
        "SUPERSET_HOME": str(home),
        "FLASK_APP": "superset.app:create_app()",
    }
    person = "--username admin --firstname A --lastname B --email admin@localhost"
    with open(home / "superset.log", "w+", encoding="utf-8") as log:
        shared = {"env": environment, "cwd": home, "stdout": log, "stderr": log}
        for step in (
            ["db", "upgrade"],
            ["fab", "create-admin", *person.split(), "--password", password],
            ["init"],
        ):
            print(f"superset {' '.join(step[:2])} ...", flush=True)
            if subprocess.run([command, *step], timeout=PATIENCE, **shared).returncode:
                raise SupersetError(f"{' '.join(step[:2])}: {last_line(log)}")
        port = free_port()
        run = [command, "run", "--host", "127.0.0.1", "--port", str(port)]
        with subprocess.Popen(run, **shared) as server:
            try:
                address = f"http://127.0.0.1:{port}"
                wait_for(f"{address}/health", server, log)
                yield address, password
            finally:
                server.terminate()


def last_line(log) -> str:
    log.seek(0)
    return (log.read().strip().splitlines() or ["it said nothing"])[-1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(address: str, server, log) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise SupersetError(f"it stopped: {last_line(log)}")
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5):
            return
        time.sleep(1)
    raise SupersetError(f"no answer in {PATIENCE} seconds")


def caller(address: str, password: str):
    """A function that calls the REST API: call(path, **body) -> the answer."""
    headers = {}

    def call(path: str, **body) -> dict:
        request = urllib.request.Request(f"{address}/api/v1/{path}", headers=headers)
        if body:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            words = " ".join(error.read().decode(errors="replace").split())
            raise SupersetError(f"{path}: {error.code} {words}") from error

    login = {"username": USER, "password": password, "provider": "db"}
    token = call("security/login", **login)["access_token"]
    headers["Authorization"] = f"Bearer {token}"
    return call


# -- the trial --


def add_database(call, published: Path) -> int:
    return call(
        "database/",
        database_name="Repurchase",
        sqlalchemy_uri=f"duckdb:///{published}",
        extra=json.dumps({"engine_params": {"connect_args": {"read_only": True}}}),
    )["id"]


def add_chart(call, database: int, chart: dict) -> int:
    """Add a mart as a dataset and a chart of it; the chart's id."""
    dataset = call(
        "dataset/", database=database, schema="marts", table_name=chart["mart"]
    )["id"]
    form = {"viz_type": chart["kind"], "datasource": f"{dataset}__table"}
    query = {
        "datasource": {"id": dataset, "type": "table"},
        "queries": [{"row_limit": 10_000, **chart["query"]}],
        "result_format": "json",
        "result_type": "full",
    }
    return call(
        "chart/",
        slice_name=chart["title"],
        viz_type=chart["kind"],
        datasource_id=dataset,
        datasource_type="table",
        params=json.dumps(form | chart["form"]),
        query_context=json.dumps(query),
    )["id"]


def chart_rows(call, chart: int) -> list[tuple]:
    result = call(f"chart/{chart}/data/?force=true")["result"][0]
    return [tuple(row[name] for name in result["colnames"]) for row in result["data"]]


def mart_rows(published: Path, query: str) -> list[tuple]:
    """What the marts say, in the types of Superset's JSON."""
    with duckdb.connect(str(published), read_only=True) as con:
        return [
            tuple(as_json(cell) for cell in row)
            for row in con.execute(query).fetchall()
        ]


def as_json(cell):
    """A time as milliseconds since 1970, a decimal as a float, the rest as it is."""
    if hasattr(cell, "year"):
        day = datetime(cell.year, cell.month, cell.day, tzinfo=UTC)
        return day.timestamp() * 1000
    return cell if cell is None or isinstance(cell, str | int) else float(cell)


def compare(call, published: Path, chart: dict, number: int) -> bool:
    """Whether a chart's data are what the mart says; prints it."""
    shown = sorted(chart_rows(call, number))
    said = sorted(mart_rows(published, chart["marts_say"]))
    same = bool(said) and shown == said
    verdict = "equal" if same else f"{shown[:2]} where the mart has {said[:2]}"
    print(f"{chart['mart']:<20}{len(shown):>4} rows: {verdict}", flush=True)
    return same


def publish(source: Path, published: Path, change: str | None = None) -> None:
    """Put a copy of a file, or of a changed one, in the published one's place."""
    newer = published.with_suffix(".newer")
    shutil.copyfile(source, newer)
    if change:
        with duckdb.connect(str(newer)) as con:
            con.execute(change)
    os.replace(newer, published)


def try_charts(call, source: Path, published: Path) -> bool:
    """Add everything and compare, then once more with other numbers in the file."""
    publish(source, published)
    database = add_database(call, published)
    numbers = [add_chart(call, database, chart) for chart in CHARTS]
    equal = [
        compare(call, published, *pair) for pair in zip(CHARTS, numbers, strict=True)
    ]
    print("published again, with other numbers:")
    publish(source, published, CHANGE)
    equal.append(compare(call, published, CHARTS[0], numbers[0]))
    publish(source, published)
    return all(equal)


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        "--published",
        type=Path,
        default=PROJECT / "warehouse" / "repurchase.duckdb",
        help="default: warehouse/repurchase.duckdb",
    )
    add(
        "--superset",
        type=Path,
        default=PROJECT / ".venv" / "superset" / "bin" / "superset",
        help="Superset's command, default: .venv/superset/bin/superset",
    )
    add("--stay", action="store_true", help="keep it running to look at, until Enter")
    args = parser.parse_args(argv)
    for path, make in ((args.published, "build"), (args.superset, "try-superset")):
        if not path.is_file():
            print(
                f"try_superset: there is no {path}; run `make {make}`", file=sys.stderr
            )
            return 2
    try:
        with (
            tempfile.TemporaryDirectory() as home,
            superset(args.superset.absolute(), Path(home)) as (address, password),
        ):
            call = caller(address, password)
            published = Path(home) / "repurchase.duckdb"
            equal = try_charts(call, args.published, published)
            if args.stay:
                input(f"{address}  {USER} / {password}  Enter stops it ")
    except (SupersetError, subprocess.TimeoutExpired, OSError, duckdb.Error) as error:
        print(f"try_superset: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
