"""A forgotten customer is in no file that the project holds; totals stay explained and
other customers as they were."""

import hashlib
import re
import shutil
from decimal import Decimal
from pathlib import Path

import duckdb
import forget
import history
import publish
import pytest
from conftest import DATABASES, Build, run_build, write_shop

pytestmark = pytest.mark.slow

MAIL = "wanda.gone@mail.example"
PHONE = "+86 139 1111 2222"
ORDER = {"status": "paid", "currency": "CNY", "gross_amount": "100"}
ORDERS = [
    # Wanda, known by two ids, an e-mail and a phone: 100 + 40 - 15 - 5 = 120
    {"order_id": "W-001", "customer_id": "GONE-1", "email": MAIL, "phone": PHONE},
    {"order_id": "W-002", "customer_id": "GONE-2", "email": MAIL, "gross_amount": "40"},
    {"order_id": "W-003", "customer_id": "GONE-1", "status": "cancelled"},
    {"order_id": "W-004", "customer_id": "GONE-1", "status": "what"},
    # others: 100 + 100 + 60, and a guest's 7
    {"order_id": "S-001", "customer_id": "STAY-1", "email": "sam@mail.example"},
    {"order_id": "S-002", "customer_id": "STAY-1"},
    {"order_id": "S-003", "customer_id": "STAY-2", "gross_amount": "60"},
    {"order_id": "S-004", "gross_amount": "7", "ordered_at": "2024-06-01"},
    {"order_id": "S-005", "customer_id": "STAY-2", "status": "what"},
    # one who never bought
    {"order_id": "N-001", "customer_id": "NEVER", "status": "cancelled"},
    {"order_id": "N-002", "customer_id": "NEVER", "status": "what"},
]
REFUNDS = [
    {"refund_id": "RW-1", "order_id": "W-002", "refund_amount": "15"},
    {"refund_id": "RW-2", "customer_id": "GONE-1", "refund_amount": "5"},
    {"refund_id": "RS-1", "order_id": "S-001", "refund_amount": "10"},
]
ITEMS = [{"order_id": row["order_id"], "product_id": "TEA"} for row in ORDERS]
for order_id in ("W-003", "N-001"):
    ITEMS.append({"order_id": order_id, "product_id": "TEA", "quantity": "-1"})
CUSTOMERS = [{"customer_id": i} for i in ("GONE-1", "GONE-2", "STAY-1", "STAY-2")]


def hashed(text: str) -> str:
    return hashlib.sha256(f"demo-secret:{text}".encode()).hexdigest()


def key(text: str) -> int:
    return int(hashlib.md5(text.encode()).hexdigest()[:15], 16)


# Everything by which Wanda could be known again.
TEXTS = [MAIL, "13911112222", PHONE, "GONE-1", "GONE-2", "W-001", "W-002", "W-003"]
TEXTS += ["W-004", "RW-1", "RW-2", hashed(MAIL), hashed("8613911112222")]
KEYS = [
    key(f"standard|standard|{text}")
    for text in [
        "customer_id|GONE-1",
        "customer_id|GONE-2",
        f"email|{hashed(MAIL)}",
        f"phone|{hashed('8613911112222')}",
        *("W-001", "W-002", "W-003", "W-004", "RW-1", "RW-2"),
    ]
]


@pytest.fixture(scope="module")
def shop_folder(tmp_path_factory) -> Path:
    """The files of a shop with Wanda among others."""
    day = {"ordered_at": "2024-05-01"}
    return write_shop(
        tmp_path_factory.mktemp("shop"),
        orders=[ORDER | day | row for row in ORDERS],
        refunds=[{"refunded_at": "2024-05-03", "currency": "CNY"} | r for r in REFUNDS],
        order_items=[{"quantity": "1", "unit_price": "100"} | row for row in ITEMS],
        customers=CUSTOMERS,
    )


@pytest.fixture(scope="module")
def shop(build_once, shop_folder) -> Build:
    return build_once("forget", "--connector", "standard", "--data", shop_folder)


@pytest.fixture
def held(shop, tmp_path) -> Build:
    """Its files with an earlier version, for a test to change."""
    for path in shop.published.parent.iterdir():
        if path.is_file():
            shutil.copy(path, tmp_path)
    held = Build(0, "", "", tmp_path / shop.published.name, tmp_path / "build.duckdb")
    files = ["--published", held.published, "--build-database", held.database]
    assert publish.main([*map(str, files)]) == 0
    assert publish.versions(held.published) == [1]
    return held


def run(held: Build, *who) -> int:
    files = ["--published", held.published, "--build-database", held.database]
    return forget.main([*map(str, files), *who])


def bytes_held(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def left(folder: Path, texts=TEXTS, keys=KEYS) -> set[str]:
    """By which texts and keys, Wanda's unless told, a file would still know somebody.

    DuckDB packs numbers and texts: its tables are asked, its bytes searched as well.
    """
    needles = [text.encode() for text in texts]
    needles += [number.to_bytes(8, "little") for number in keys]
    found = set()
    for path, content in bytes_held(folder).items():
        found |= {f"{path}: {needle}" for needle in needles if needle in content}
        if not path.endswith(".duckdb"):
            continue
        with duckdb.connect(path) as con:
            con.execute("set threads = 1")
            tables = con.execute(
                "select schema_name, table_name from duckdb_tables() where not internal"
            ).fetchall()
            for schema, table in tables:
                rows = con.execute(f'from {schema}."{table}"').fetchall()
                cells = {str(cell) for row in rows for cell in row}
                found |= {
                    f"{schema}.{table}: {text}"
                    for text in [*texts, *map(str, keys)]
                    if any(text in cell for cell in cells)
                }
    return found


def test_nothing_knows_the_customer_any_more(held, capsys):
    """Published and kept versions, build, log: no text, hash or key of hers."""
    folder = held.published.parent
    seen = " ".join(left(folder))
    for schema in ("raw_standard", "staging", "intermediate", "marts"):
        assert schema == "staging" or f"{schema}." in seen
    assert "RW-2" in seen and str(KEYS[0]) in seen
    assert run(held, "--customer", "GONE-2") == 0
    assert left(folder) == set()
    said = capsys.readouterr()
    assert "rows of the published marts removed" in said.out
    assert "take the customer out of the files or tables" in said.out
    assert "GONE" not in said.out + said.err
    assert publish.versions(held.published) == [1]


def rows_of_others(held: Build) -> dict[str, list]:
    """Rows of marts that have a customer's or order's key, without Wanda's."""
    marts = held.rows(
        "select distinct table_name from duckdb_columns() where schema_name = 'marts' "
        "and column_name in ('customer_key', 'order_key') order by 1"
    )
    found = {}
    for (mart,) in marts:
        names = [n for (n,) in held.rows(f"select column_name from (describe {mart})")]
        keys = [n for n in ("customer_key", "order_key") if n in names]
        wanda = ", ".join(map(str, KEYS))
        where = " and ".join(f"coalesce({k} not in ({wanda}), true)" for k in keys)
        found[mart] = held.rows(f"from {mart} where {where} order by all")
    return found


def test_totals_are_those_without_her_and_what_was_forgotten(held):
    """By hand: others' orders 260 + 7 - 10, hers 120, in all 377; her rows counted."""
    before = rows_of_others(held)
    assert len(before) > 10
    rows = sum(held.row(f"select count(*) from {mart}")[0] for mart in before)
    rejected = held.row("select count(*) from rejected_rows")[0]
    assert run(held, "--customer", "GONE-1") == 0
    assert rows_of_others(held) == before
    net = "select sum(net_amount) from fct_orders"
    assert held.row(net) == (Decimal("257.00"),)
    total = "select sum(net_amount_by_order_date) from calendar_revenue"
    assert held.row(total) == (Decimal("377.00"),)
    gone = rows - sum(held.row(f"select count(*) from {mart}")[0] for mart in before)
    gone += rejected - held.row("select count(*) from rejected_rows")[0]
    assert held.rows(
        "select run_id, outcome, published_run_id, forgotten_rows, forgotten_amount "
        "from build_runs order by run_id"
    ) == [
        (1, "published", 1, None, None),
        (2, "published", 2, None, None),
        (3, "forgotten", 3, gone, Decimal("120.00")),
    ]
    assert held.rows("select raw_values from rejected_rows") == [
        (raw,)
        for (raw,) in held.rows("select raw_values from rejected_rows")
        if "S-005" in raw or "N-00" in raw
    ]
    assert held.rows("select count(*) from fct_customers") == [(2,)]


def test_she_is_not_in_the_version_before(held):
    """Rolling back after it gives the marts before, without her."""
    assert run(held, "--customer", "GONE-1") == 0
    files = ["--published", str(held.published)]
    assert publish.main([*files, "--rollback"]) == 0
    assert held.row("select sum(net_amount) from fct_orders") == (Decimal("257.00"),)
    assert left(held.published.parent) == set()
    outcomes = held.rows("select outcome from build_runs order by run_id")
    assert [text for (text,) in outcomes][-2:] == ["forgotten", "rolled back"]


def test_by_key_and_twice(held, capsys):
    """The key of the marts names her too; a second time nothing is left to remove."""
    (customer_key,) = held.row(
        "select customer_key from fct_customers where customer_id = 'GONE-1'"
    )
    assert run(held, "--customer-key", str(customer_key)) == 0
    assert left(held.published.parent) == set()
    before = rows_of_others(held)
    assert run(held, "--customer", "GONE-1") == 0
    assert "\n0 rows of the published marts" in capsys.readouterr().out
    assert rows_of_others(held) == before


def test_somebody_who_never_bought(held, capsys):
    """Is in no mart but that of rejected rows, and in no other file afterwards."""
    folder, never = held.published.parent, (["NEVER", "N-001", "N-002"], [])
    assert "marts.rejected_rows: N-001" in left(folder, *never)
    assert run(held, "--customer", "NEVER") == 0
    assert left(folder, *never) == set()
    assert held.row("select forgotten_amount from build_runs where run_id = 3") == (0,)
    assert len(left(folder)) > 5


def test_what_the_build_holds_of_others_stays(held):
    """Tables of somebody else's in the same file are left alone, views too."""
    with duckdb.connect(str(held.database)) as con:
        con.execute("create schema sales; create table sales.orders as select 1 as id")
        con.execute("create view sales.again as from sales.orders")
    assert run(held, "--customer", "GONE-1") == 0
    with duckdb.connect(str(held.database)) as con:
        assert con.execute("from sales.again").fetchall() == [(1,)]
        names = con.execute("select table_name from duckdb_tables()").fetchall()
    assert {name for (name,) in names if name.startswith(("int_", "fct_"))} == set()
    assert held.database.stat().st_mode & 0o007 == 0


def test_a_crash_leaves_what_readers_had(held, monkeypatch, capsys):
    """Where writing fails the published file is as it was, and a second try works."""
    before = held.published.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(
            publish, "detach", lambda con: con.execute("select no_such_column")
        )
        assert run(held, "--customer", "GONE-1") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("forget: ")
    assert held.published.read_bytes() == before
    assert run(held, "--customer", "GONE-1") == 0
    assert left(held.published.parent) == set()


def test_what_can_not_be_done_is_one_line(held, tmp_path, capsys):
    other = Build(0, "", "", tmp_path / "none.duckdb", tmp_path / "none_build.duckdb")
    assert run(other, "--customer", "GONE-1") == 1
    assert run(held, "--customer", "GONE-1", "--target", "spark") == 1
    with history.locked(held.database.with_name(held.database.name + ".lock")):
        assert run(held, "--customer", "GONE-1") == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["forget"] * 3
    assert "a build is at work" in lines[-1]


def test_an_id_of_two_shops_needs_the_shop(held, capsys):
    """Customers of one id in two shops are two; the message names shops alone."""
    with duckdb.connect(str(held.published)) as con:
        con.execute(
            "update marts.fct_orders set shop_id = 'north', customer_id = 'GONE-1' "
            "where customer_id = 'STAY-2'"
        )
    assert run(held, "--customer", "GONE-1") == 1
    assert capsys.readouterr().err == (
        "forget: customers of standard north, standard standard have this id: say "
        "--connector and --shop\n"
    )
    assert run(held, "--customer", "GONE-1", "--shop", "standard") == 0
    assert held.row("select count(*) from fct_orders where shop_id = 'north'") == (1,)


def test_an_id_of_sql_is_an_id(held):
    """It is looked for, and nothing of it is run."""
    before = rows_of_others(held)
    assert (
        run(held, "--customer", "x') or (1 = 1); drop table marts.fct_orders; --") == 0
    )
    assert rows_of_others(held) == before
    assert held.row("select count(*) from fct_customers") == (3,)


# -- PostgreSQL --


@pytest.mark.engines
def test_on_postgresql(shop_folder, postgres_server, build, monkeypatch):
    """No table of the server knows her, in any version; others and grants stay."""
    import postgres

    monkeypatch.setenv("REPURCHASE_PG_DATABASE", DATABASES[1])

    def ask(sql):
        with postgres.connected() as connection:
            found = connection.execute(sql)
            return found.fetchall() if found.description else []

    def knows() -> list[str]:
        tables = ask(
            "select format('%I.%I', table_schema, table_name) "
            "from information_schema.tables "
            "where table_schema not in ('pg_catalog', 'information_schema')"
        )
        texts = "|".join([*TEXTS, *map(str, KEYS)]).replace("+", "[+]")
        return [
            name
            for (name,) in tables
            if ask(f"select 1 from {name} as held where held::text ~ '{texts}' limit 1")
        ]

    data = ["--target", "postgres", "--connector", "standard", "--data", shop_folder]
    held = build(*data)
    assert run_build(held.published.parent, *data).code == 0
    before = knows()
    assert {"marts.fct_orders", "raw_standard.orders"} <= {*before}
    assert any(re.fullmatch("marts_[0-9]+.fct_orders", name) for name in before)
    others = "select * from marts.fct_customers where customer_id ~ 'STAY' order by 1"
    stay = ask(others)
    assert run(held, "--customer", "GONE-1", "--target", "postgres") == 0
    assert knows() == []
    assert left(held.published.parent) == set()
    assert ask(others) == stay and len(stay) == 2
    assert ask("select sum(net_amount) from marts.fct_orders") == [(Decimal("257.00"),)]
    last = "where run_id = (select max(run_id) from marts.build_runs)"
    assert ask(f"select outcome, forgotten_amount from marts.build_runs {last}") == [
        ("forgotten", Decimal("120.00"))
    ]
    grantees = "select grantee from information_schema.role_table_grants"
    for mart in ("fct_orders", "build_runs"):
        granted = ask(f"{grantees} where table_name = '{mart}'")
        assert ("repurchase_reader",) in granted
