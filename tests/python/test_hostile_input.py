"""Nothing from vars, options, values, or names of files and columns becomes SQL or a
command: it is read as what it is, or refused in one line."""

import json
import shutil

import build as build_script
import duckdb
import polars as pl
import publish
import pytest
import raw_files
import verify
from conftest import ROOT, run_build
from dbt.cli.main import dbtRunner

HOSTILE = """1'; drop schema marts cascade; --"; `id` $(touch gone) \\"""
FOLDERS = ["--project-dir", str(ROOT), "--profiles-dir", str(ROOT)]
VARS = build_script.project_vars()
SETTINGS = {
    "schema": HOSTILE,
    "tables": {"orders": HOSTILE},
    "entities": ["orders", HOSTILE],
    "decimal_mark": HOSTILE,
    "date_order": HOSTILE,
    "naive_time": HOSTILE,
    "time_zone": HOSTILE,
}


# -- vars --


@pytest.fixture(scope="module")
def check_vars():
    """What check_vars says of vars, as dbt prints it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPURCHASE_BUILD_DATABASE", ":memory:")
        yield check_vars_of(dbtRunner().invoke(["parse", "--quiet", *FOLDERS]).result)


def check_vars_of(manifest):
    assert manifest is not None

    def check(capsys, **variables) -> str:
        capsys.readouterr()
        command = ["run-operation", "check_vars", "--quiet", "--no-write-json"]
        command += ["--vars", json.dumps(variables), *FOLDERS]
        done = dbtRunner(manifest).invoke(command)
        said = capsys.readouterr().out
        assert done.success == ("it must be" not in said), said
        return said

    return check


def test_the_defaults_are_what_they_have_to_be(check_vars, capsys):
    assert check_vars(capsys) == ""


@pytest.mark.parametrize("name", [name for name in VARS if name != "connectors"])
def test_a_var_is_what_it_has_to_be(check_vars, capsys, name):
    """Each is refused by name where it is no day, number, code or word of its own."""
    value = [HOSTILE] if isinstance(VARS[name], list) else HOSTILE
    said = check_vars(capsys, **{name: value})
    assert f"var {name} is {json.dumps(HOSTILE)}; it must be" in said


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_of_a_connector_is_what_it_has_to_be(check_vars, capsys, name):
    """So is what names schemas, tables and entities."""
    given = {"entities": ["orders"]} | {name: SETTINGS[name]}
    said = check_vars(capsys, connectors={"standard": given})
    assert f"of connector standard is {json.dumps(HOSTILE)}; it must be" in said


def test_a_connector_has_a_plain_name(check_vars, capsys):
    said = check_vars(capsys, connectors={HOSTILE: {"entities": ["orders"]}})
    assert f"a connector is {json.dumps(HOSTILE)}; it must be" in said


def test_names_in_other_scripts_are_names(check_vars, capsys):
    given = {
        "entities": ["orders"],
        "schema": "销售",
        "tables": {"orders": "Order 1-a.b"},
    }
    assert check_vars(capsys, connectors={"standard": given}) == ""


def test_a_run_begins_with_the_check(attempt):
    """A build with such a var stops in one line, with nothing built."""
    found = attempt("--vars", json.dumps({"minimum_group_customers": HOSTILE}))
    assert (found.code, found.errors.splitlines()[1:]) == (
        1,
        [
            f"build: var minimum_group_customers is {json.dumps(HOSTILE)}; it must be "
            "a whole number"
        ],
    )
    with duckdb.connect(str(found.database)) as con:
        assert con.execute("select * from duckdb_tables()").fetchall() == []


# -- options --


@pytest.mark.parametrize(
    "options",
    [
        ["--as-of", HOSTILE],
        ["--currency", HOSTILE],
        ["--time-zone", HOSTILE],
        ["--target", HOSTILE],
        ["--keep", HOSTILE],
        ["--vars", HOSTILE],
        ["--vars", json.dumps({HOSTILE: 1})],
        ["--connector", HOSTILE, "--data", "tests/fixtures/shopify"],
        ["--connector", "shopify", "--data", HOSTILE],
        ["--connector", "shopify", "--data", "README.md", "--encoding", HOSTILE],
        ["--connector", "shopify", "--data", "README.md", "--delimiter", HOSTILE],
        ["--build-database", f"{HOSTILE}.duckdb"],
    ],
    ids=lambda options: options[-2],
)
def test_an_option_is_refused_in_one_line(tmp_path, options):
    """After the usage that argparse shows."""
    found = run_build(tmp_path, *options)
    assert found.code in (1, 2) and "Traceback" not in found.errors
    line = found.errors.splitlines()[-1]
    assert (
        line.startswith(("build: ", "build.py: ", "__main__.py: "))
        or ": error: " in line
    )
    assert not found.published.exists()


# -- names of files and columns --

FILE = "orders'; drop schema raw_standard cascade; --$(id)`id`*[a]?"
COLUMNS = ["order_id", "customer_id", "ordered_at", "status", "currency"]


def loaded(path) -> list[tuple]:
    """The rows of a folder's files, loaded, and the tables there are."""
    with duckdb.connect() as con:
        raw_files.load(con, "standard", raw_files.discover("standard", path))
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables() order by all"
        ).fetchall()
        schema = "raw_standard"
        assert tables == [(schema, "loaded_files"), (schema, "orders")]
        return con.execute(
            "select status, source_file from raw_standard.orders"
        ).fetchall()


@pytest.mark.parametrize("text", [HOSTILE, f"a\0{HOSTILE}"], ids=["as_is", "rewritten"])
def test_a_text_file_of_any_name(tmp_path, text):
    """Its name, its other columns' names and its values are data, both ways to read."""
    cells = text.replace('"', '""')
    header = HOSTILE.replace('"', '""')
    (tmp_path / f"{FILE}.csv").write_text(
        ",".join([*COLUMNS, f'gross_amount,"{header}"'])
        + f'\n1,a,2024-01-01,"{cells}",CNY,5,x\n'
    )
    assert loaded(tmp_path) == [(text.replace("\0", "\ufffd"), f"{FILE}.csv")]


def test_a_parquet_file_of_any_name(tmp_path):
    row = dict.fromkeys([*COLUMNS, "gross_amount", HOSTILE], HOSTILE)
    row['status"; drop table x; --'] = HOSTILE
    pl.DataFrame([row]).write_parquet(tmp_path / f"{FILE}.parquet")
    assert loaded(tmp_path) == [(HOSTILE, f"{FILE}.parquet")]


def test_an_x_column_has_a_plain_name(tmp_path):
    """Its name becomes a column's, so it may not be just any."""
    (tmp_path / "orders.csv").write_text(",".join([*COLUMNS, "gross_amount", "x_'a"]))
    with pytest.raises(
        raw_files.InputError, match="may hold a to z, digits and _ only"
    ):
        raw_files.discover("standard", tmp_path)


def test_folders_of_any_name(demo, tmp_path, monkeypatch):
    """Published files, kept versions and temporary files are where they should be."""
    folder = tmp_path / 'it\'s; "odd" $(id) `id`'
    folder.mkdir()
    published = folder / "it's --\".duckdb"
    built = shutil.copy(demo.published, tmp_path)  # others read the demo's
    files = ["--published", str(published), "--build-database", str(built)]
    for _ in range(2):
        assert publish.main(files) == 0
    assert publish.versions(published) == [1]
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    with duckdb.connect(str(published), read_only=True) as con:
        assert verify.read_query(con, "select 1 as one").rows() == [(1,)]
    shutil.rmtree(folder)
