"""A build that goes on from the last one equals a full rebuild, table by table."""

import json
import os
import random
import re
import shutil
from datetime import date, timedelta
from pathlib import Path

import build as build_script
import duckdb
import load
import parity
import pytest
from conftest import DATABASES, ROOT, Models, run_build, write_shop
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from hypothesis import HealthCheck, Phase, assume, given, note, settings
from hypothesis import strategies as st

HISTORIES = int(os.environ.get("REPURCHASE_HISTORIES", "25"))
SHOPS = 25  # histories in one build: each is a shop of its own, with its own customers
FIRST_DAY = date(2024, 1, 1)
ENTITIES = ["orders", "order_items", "refunds", "customers"]
# All that is kept from build to build, with what it is made of.
CORE = [
    "int_products_checked",
    "path:seeds/rules",
    "path:models/staging",
    "path:models/marts/core",
]
FOLDERS = ["contract", "lines", "orders", "customers", "increments", "products"]
CORE += [f"path:models/intermediate/{name}" for name in FOLDERS]
CORE += ["int_customer_habits"]
FEW_IDS = {"identity_max_customer_ids": 2}  # so that placeholders come and go
# The checked rows of refunds with all that they follow from, and what ends a build.
COMPARED = ["int_order_prints", "int_read_files", "int_read_links"]
REFUNDS = ["+int_refunds_checked", *COMPARED, "+int_read_links"]
# What only says what the last build did.
OWN = ["int_touched_orders", "int_changed_orders", "int_changed_customers"]
OWN += ["int_resequenced_orders", "int_changed_baskets", "finished_build"]
OWN += ["int_touched_customer_ids", "int_touched_identifiers"]
OWN += ["int_reidentified_orders", "int_touched_customers", "int_touched_refunds"]


class Shop:
    """A shop's raw rows, each in the file it was first seen in, changed by operations.

    Every operation takes the number of the batch and small whole numbers that choose
    what happens to which row; without such a row nothing happens.
    """

    def __init__(self, name: str):
        self.name = name
        self.rows = {entity: [] for entity in ENTITIES}
        self.orders = 0

    def add(self, entity: str, batch: int, **row) -> None:
        moment = f"{FIRST_DAY + timedelta(days=500 + batch)} 12:00:00"
        row |= {"shop_id": self.name, "updated_at": moment}
        self.rows[entity].append((f"{entity}_{batch}.csv", row))

    def one(self, entity: str, which: int):
        rows = self.rows[entity]
        return rows[which % len(rows)] if rows else None

    def order(self, batch, customer, day, amount, email, items):
        self.orders += 1
        order_id = f"{self.name}-{self.orders}"
        self.add(
            "orders",
            batch,
            order_id=order_id,
            customer_id=f"c{customer}" if customer else "",
            email=f"p{email}@example.com" if email else "",
            ordered_at=f"{FIRST_DAY + timedelta(days=7 * day)} 09:30:00",
            status="paid",
            currency="CNY",
            gross_amount=f"{amount}.50",
            discount_amount="0.50",
        )
        for line in range(items):
            self.add(
                "order_items",
                batch,
                order_id=order_id,
                line_number=line + 1,
                product_id=f"p{(amount + line) % 5}",
                quantity=1,
                unit_price=f"{amount / items:.2f}",
            )

    def correct(self, batch, which, column, value, in_place):
        """Another status, amount, customer, e-mail, day or currency: in the row or a
        new one.
        """
        if not (found := self.one("orders", which)):
            return
        name, text = [
            ("status", "cancelled" if value % 2 else "paid"),
            ("gross_amount", f"{value + 1}.50"),
            ("customer_id", f"c{value}" if value else ""),
            ("email", f"p{value}@example.com" if value else ""),
            ("ordered_at", f"{FIRST_DAY + timedelta(days=7 * value)} 09:30:00"),
            ("currency", "USD" if value % 2 else "CNY"),
        ][column]
        if in_place:
            found[1][name] = text
        else:
            self.add("orders", batch, **found[1] | {name: text})

    def repeat(self, batch, which):
        if found := self.one("orders", which):
            self.rows["orders"].append((f"orders_{batch}.csv", dict(found[1])))

    def delete(self, batch, entity, which):
        if found := self.one(ENTITIES[entity], which):
            self.rows[ENTITIES[entity]].remove(found)

    def refund(self, batch, which, amount, of_order):
        if found := self.one("orders", which):
            self.add(
                "refunds",
                batch,
                refund_id=f"{self.name}-r{batch}-{len(self.rows['refunds'])}",
                order_id=found[1]["order_id"] if of_order else "",
                customer_id=found[1]["customer_id"],
                refunded_at=f"{FIRST_DAY + timedelta(days=7 * amount)}",
                refund_amount=f"{amount}.00",
                currency="CNY",
            )

    def correct_refund(self, batch, which, column, value, in_place):
        """Another amount, day, order, which may not be there yet, customer, currency
        or id: in the row or a new one.
        """
        if not (found := self.one("refunds", which)):
            return
        name, text = [
            ("refund_amount", f"{value + 1}.00"),
            ("refunded_at", f"{FIRST_DAY + timedelta(days=7 * 9 * value)}"),
            ("order_id", f"{self.name}-{value}" if value else ""),
            ("customer_id", f"c{value}" if value else ""),
            ("currency", ["CNY", "USD", ""][value % 3]),
            ("refund_id", f"{self.name}-r{value}" if value else ""),
        ][column]
        if in_place:
            found[1][name] = text
        else:
            self.add("refunds", batch, **found[1] | {name: text})

    def link(self, batch, customer, email):
        """A customer row that ties an e-mail to an id: two people may become one."""
        row = {"customer_id": f"c{customer}", "email": f"p{email}@example.com"}
        self.add("customers", batch, **row)

    def relink(self, batch, which, email):
        """Another e-mail in a customer row: its file is replaced."""
        if found := self.one("customers", which):
            found[1]["email"] = f"p{email}@example.com"


def operation(name: str, *largest: int):
    return st.tuples(st.just(name), *[st.integers(0, most) for most in largest])


ORDER = operation("order", 3, 30, 40, 2, 2)
CHANGE = st.one_of(
    ORDER,
    operation("correct", 9, 5, 3, 1),
    operation("repeat", 9),
    operation("delete", 3, 9),
    operation("refund", 9, 45, 1),
    operation("correct_refund", 9, 5, 6, 1),
    operation("link", 3, 2),
    operation("relink", 9, 2),
)
HISTORY = st.tuples(
    st.lists(ORDER, min_size=1, max_size=4),
    st.lists(CHANGE, max_size=3),
    st.lists(CHANGE, max_size=3),
)
# The week of the last order after each batch: the as-of date goes up and down.
LAST_WEEKS = st.tuples(*[st.integers(30, 45)] * 3)


class Warehouse:
    """A build database that goes on from batch to batch, and one built anew."""

    def __init__(self, folder: Path):
        self.data = folder / "data"
        self.kept = Models(folder / "kept")
        self.anew = Models(folder / "anew")
        for models in (self.kept, self.anew):
            models.database.parent.mkdir(parents=True)

    def build(self, models: Models, select=CORE, **variables) -> None:
        models.load("standard", self.data)
        models.run(*select, **variables)

    def touched(self) -> int:
        """Orders whose raw rows the last build found new, changed or gone."""
        return len(self.kept.query("select distinct order_key from int_touched_orders"))

    def orders(self) -> int:
        return len(self.kept.query("select distinct order_key from int_order_prints"))

    def differences(self, select=CORE, **variables) -> list[str]:
        """What differs from a full rebuild of the same files."""
        self.anew.database.unlink(missing_ok=True)
        self.build(self.anew, select, **variables)
        DuckDBConnectionManager.close_all_connections()
        return differences(self.kept.database, self.anew.database)


def differences(kept: Path, anew: Path) -> list[str]:
    """Lines that say which tables of two build databases differ, and in what rows.

    Floats of marts as `parity` compares them, those of other tables not at all.
    """
    grains = parity.grains(ROOT / "models/marts")
    found = parity.compare_files({"anew": anew, "kept": kept}, grains)
    lines = [str(finding) for finding in found if finding.differences]
    with duckdb.connect() as con:
        for name, path in [("kept", kept), ("anew", anew)]:
            con.execute(f"attach '{path}' as {name} (read_only)")
        tables = {
            name: {
                table: con.execute(
                    "select column_name from duckdb_columns() where database_name = ? "
                    "and schema_name = 'intermediate' and table_name = ? "
                    "and data_type <> 'DOUBLE' order by column_index",
                    [name, table],
                ).fetchall()
                for (table,) in con.execute(
                    "select table_name from duckdb_tables() where database_name = ? "
                    "and schema_name = 'intermediate'",
                    [name],
                ).fetchall()
                if table not in OWN
            }
            for name in ("kept", "anew")
        }
        if tables["kept"] != tables["anew"]:
            lines.append("the tables have other columns")
        for table, columns in tables["anew"].items():
            listed = ", ".join(f'"{column}"' for (column,) in columns)
            for one, other in [("kept", "anew"), ("anew", "kept")]:
                rows = con.execute(
                    f"select {listed} from {one}.intermediate.{table} except all "
                    f"select {listed} from {other}.intermediate.{table} limit 3"
                ).fetchall()
                lines += [f"{table}, only {one}: {row}" for row in rows]
    return lines


def write(shops: list[Shop], folder: Path) -> None:
    """The shops' rows as files, which is all that is in the folder then."""
    shutil.rmtree(folder, ignore_errors=True)
    files = {}
    for shop in shops:
        for rows in shop.rows.values():
            for file, row in rows:
                files.setdefault(file.removesuffix(".csv"), []).append(row)
    write_shop(folder, **files)


def standing_shop() -> Shop:
    """A shop that has rows of every entity and does not change."""
    shop = Shop("standing")
    for customer in (1, 2, 3):
        shop.order(0, customer, 3 * customer, 20, 0, 2)
    shop.refund(0, 0, 5, 1)
    shop.link(0, 1, 1)
    return shop


@pytest.fixture
def warehouse(tmp_path) -> Warehouse:
    return Warehouse(tmp_path)


def test_what_happens_to_files(warehouse):
    """New, replaced, renamed, repeated, empty and removed files, a day out of order and
    a day without anything: each build touches what changed, and the end is a rebuild's.
    """
    shop, other = Shop("a"), Shop("b")
    for customer, day in [(1, 2), (2, 3), (1, 9)]:
        shop.order(0, customer, day, 20, customer, 1)
        other.order(0, customer, day, 30, 0, 2)

    def touched(change=lambda folder: None) -> int:
        write([standing_shop(), shop, other], warehouse.data)
        change(warehouse.data)
        warehouse.build(warehouse.kept)
        return warehouse.touched()

    def day_twice(folder):
        shutil.copy(folder / "orders_1.csv", folder / "orders_again.csv")

    def empty_day(folder):
        header = (folder / "orders_0.csv").read_text("utf-8").splitlines()[0]
        (folder / "orders_3.csv").write_text(header + "\n", "utf-8")

    assert touched() == warehouse.orders() == 9
    assert touched() == 0
    shop.order(1, 2, 30, 25, 0, 1)
    assert touched() == 1  # a new day
    assert touched(day_twice) == 1
    shop.order(2, 1, 1, 15, 0, 0)
    assert touched() == 2  # a day before the others; the file that was twice is gone
    assert touched(empty_day) == 0
    other.rows["orders"][0][1]["gross_amount"] = "99.50"
    assert touched() == 1  # a replaced file
    del other.rows["orders"][1]
    assert touched() == 1  # its items are left without an order
    shop.rows["orders"].pop()
    assert touched() == 1  # a file that is gone
    shop.refund(3, 0, 4, 1)
    assert touched() == 0  # no row of an order
    assert len(warehouse.kept.query("from int_changed_orders")) == 1
    shop.link(4, 1, 2)
    assert touched() == 0
    assert len(warehouse.kept.query("from int_changed_orders")) == 2  # one person now
    for amount in (1, 2):
        shop.order(5, 1, 3, amount, 0, 0)
        shop.rows["orders"][-1][1]["order_id"] = ""
        assert touched() == 1  # all rows without an order id are one
    assert not warehouse.differences()


def test_files_that_did_not_change_are_not_read(warehouse):
    """Only a file that changed, and those with other rows of its orders, are."""
    shop = Shop("a")
    for batch in (0, 1, 2):
        shop.order(batch, 1, 2 + batch, 20, 0, 1)
    write([shop], warehouse.data)
    warehouse.build(warehouse.kept)
    with duckdb.connect(str(warehouse.kept.database)) as con:
        con.execute("update raw_standard.orders set gross_amount = '77.00'")
    shop.correct(3, 1, 4, 5, 0)  # another day of the second order, in a file of its own
    write([shop], warehouse.data)
    warehouse.build(warehouse.kept)
    assert warehouse.touched() == 1
    amounts = "select gross_amount from int_orders_checked order by all"
    found = warehouse.kept.query(amounts)["gross_amount"]
    assert [float(amount) for amount in found] == [20.5, 20.5, 20.5, 77]


def test_rows_without_a_file_are_compared(warehouse):
    """Raw tables that came in another way and name no files: an order whose rows are
    the same is not touched.
    """
    shop = Shop("a")
    for day in (2, 3):
        shop.order(0, 1, day, 20, 0, 1)
    write([shop], warehouse.data)
    warehouse.build(warehouse.kept)
    with duckdb.connect(str(warehouse.kept.database)) as con:
        con.execute("drop table raw_standard.loaded_files")
        for entity in ("orders", "order_items"):
            con.execute(f"update raw_standard.{entity} set source_file = null")
    touched = []
    for amount in ("20.50", "20.50", "77.00"):
        with duckdb.connect(str(warehouse.kept.database)) as con:
            con.execute(
                "update raw_standard.orders set gross_amount = ? "
                "where order_id = 'a-2'",
                [amount],
            )
        warehouse.kept.run(*CORE)
        touched.append(warehouse.touched())
    assert touched == [2, 0, 1]


def test_customer_rows_in_files_that_did_not_change_are_kept(warehouse):
    """Only those of customer ids with a row in a file that changed are read again."""
    shop = Shop("a")
    shop.order(0, 1, 2, 20, 0, 1)
    for batch, customer in [(0, 1), (0, 2), (1, 3), (1, 4)]:
        shop.link(batch, customer, customer)

    write([shop], warehouse.data)
    warehouse.build(warehouse.kept)
    with duckdb.connect(str(warehouse.kept.database)) as con:
        con.execute("update raw_standard.customers set country = 'XX'")
    shop.link(2, 1, 5)
    shop.rows["customers"].pop(3)  # the row of c4, in the file of c3
    write([shop], warehouse.data)
    warehouse.build(warehouse.kept)
    with duckdb.connect(str(warehouse.kept.database)) as con:
        found = con.execute(
            "select customer_id, country from intermediate.int_customers_checked "
            "order by all"
        ).fetchall()
    assert found == [("c1", "XX"), ("c1", None), ("c2", None), ("c3", None)]


def test_customers_change_by_rows_of_others(warehouse):
    """An e-mail and a phone of too many ids part who was one person and make orders
    without an id a guest's, until the last of these ids is gone; a product's other
    category is that of first orders.
    """
    shop = Shop("a")
    phone = {"phone": "13800000001"}
    for customer, email in [(1, 0), (2, 0), (3, 0), (0, 1), (0, 0)]:
        shop.order(0, customer, customer + 1, 20, email, 1)
    shop.rows["orders"][-1][1].update(phone)

    def link(batch, customer) -> None:
        shop.link(batch, customer, 1)
        shop.rows["customers"][-1][1].update(phone)

    for customer in (1, 2):
        link(0, customer)

    def build(category: str) -> list[tuple]:
        write([standing_shop(), shop], warehouse.data)
        products = f"shop_id,product_id,category\na,p0,{category}\n"
        (warehouse.data / "products.csv").write_text(products, "utf-8")
        warehouse.build(warehouse.kept, **FEW_IDS)
        with duckdb.connect(str(warehouse.kept.database)) as con:
            found = con.execute(
                "select customer_id, order_count, first_category "
                "from marts.fct_customers where customer_key in "
                "(select customer_key from marts.fct_orders where shop_id = 'a') "
                "order by all"
            ).fetchall()
        DuckDBConnectionManager.close_all_connections()
        return found

    assert build("Tea") == [("c1", 4, "Tea"), ("c3", 1, "Tea")]
    link(1, 3)
    assert build("Tea") == [("c1", 1, "Tea"), ("c2", 1, "Tea"), ("c3", 1, "Tea")]
    assert warehouse.touched() == 0
    assert build("Cups") == [("c1", 1, "Cups"), ("c2", 1, "Cups"), ("c3", 1, "Cups")]
    assert len(warehouse.kept.query("from int_changed_customers")) == 0
    shop.rows["customers"].pop()
    assert build("Cups") == [("c1", 4, "Cups"), ("c3", 1, "Cups")]
    assert not warehouse.differences(**FEW_IDS)


def refunds_after_a_build(warehouse, connector: str = "standard") -> tuple[int, list]:
    """How many refunds the build touched, and what it has of each, as in a rebuild."""
    DuckDBConnectionManager.close_all_connections()
    warehouse.anew.database.unlink(missing_ok=True)
    rows = []
    for models in (warehouse.anew, warehouse.kept):
        models.load(connector, warehouse.data)
        models.run(*REFUNDS)
        with duckdb.connect(str(models.database)) as con:
            checked = con.execute(
                "from intermediate.int_refunds_checked order by all"
            ).fetchall()
            said = con.execute(
                "select refund_id, row_status, coalesce(reason_code, "
                "converted_amount::decimal(18, 2)::varchar) "
                "from intermediate.int_refunds_checked order by all"
            ).fetchall()
            ((touched,),) = con.execute(
                "select count(distinct refund_key) "
                "from intermediate.int_touched_refunds"
            ).fetchall()
        rows.append(checked)
    assert rows[1] == rows[0]
    return touched, said


def test_refunds_follow_their_files_orders_and_the_as_of_date(warehouse):
    """After each change the checked refunds are those of a rebuild, and only refunds
    that it may concern were checked again.
    """
    shop = Shop("a")
    for week in (2, 3, 10):
        shop.order(week, 1, week, 20, 0, 1)
    refunds, orders = shop.rows["refunds"], shop.rows["orders"]

    def refund(batch, number, order, week, **other) -> None:
        shop.refund(batch, 0, week, True)
        refunds[-1][1].update({"refund_id": f"r{number}", "order_id": order} | other)

    def build() -> tuple[int, dict]:
        write([shop], warehouse.data)
        touched, said = refunds_after_a_build(warehouse)
        return touched, {(refund_id, status): what for refund_id, status, what in said}

    refund(0, 1, "a-1", 4)
    refund(0, 2, "a-2", 5)
    refund(1, 3, "a-4", 6)  # of an order that comes later
    refund(2, 4, "", 20)  # after the last order
    refund(3, 5, "", 5)
    refund(4, 6, "", 5, refunded_at="9999-12-31")
    refund(5, 7, "", 5, refund_id="")
    refund(6, 8, "", 9)
    _, said = build()
    assert said == {
        ("r1", "accepted"): "4.00",
        ("r2", "accepted"): "5.00",
        ("r3", "rejected"): "order_not_found",
        ("r4", "rejected"): "after_as_of_date",
        ("r5", "accepted"): "5.00",
        ("r6", "rejected"): "date_out_of_range",
        (None, "rejected"): "missing_refund_id",
        ("r8", "accepted"): "9.00",
    }
    assert build()[0] == 0

    shop.order(20, 1, 4, 30, 0, 1)  # the order of r3 comes
    orders[0][1]["currency"] = "USD"
    touched, said = build()
    assert touched == 2
    assert said["r3", "accepted"] == "6.00"
    assert said["r1", "rejected"] == "refund_currency_differs"

    del orders[0]  # its file is gone, and its items are without it
    shop.order(21, 1, 25, 30, 0, 1)  # the as-of date rises
    refund(10, 5, "", 6, updated_at="2030-01-01 00:00:00")  # another version
    touched, said = build()
    assert touched == 3
    assert said["r1", "rejected"] == "order_not_found"
    assert said["r4", "accepted"] == "20.00"
    assert (said["r5", "superseded"], said["r5", "accepted"]) == ("5.00", "6.00")

    del orders[-1], refunds[-1]
    orders[1][1]["ordered_at"] = str(FIRST_DAY + timedelta(days=56))  # it falls
    refunds[0][1]["refund_amount"] = "7.00"  # in a file with r2
    touched, said = build()
    assert touched == 5
    assert said["r4", "rejected"] == said["r8", "rejected"] == "after_as_of_date"
    assert said["r5", "accepted"] == "5.00"

    refunds[0][1]["refund_id"] = "r9"
    refund(11, 0, "a-2", 6, refund_id="")
    touched, said = build()
    assert touched == 4
    assert ("r1", "rejected") not in said

    for _, row in orders:
        row["status"] = "unknown"  # no day is later than no order at all
    assert build()[1]["r4", "accepted"] == "20.00"
    shop.order(22, 1, 10, 30, 0, 1)
    touched, said = build()
    assert (touched, said["r4", "rejected"]) == (1, "after_as_of_date")


def test_refunds_in_files_that_did_not_change_are_kept(warehouse):
    """Only those of refunds with a row in a file that changed are read again."""
    shop = Shop("a")
    shop.order(0, 1, 20, 20, 0, 1)
    for batch in (0, 1):
        shop.refund(batch, 0, 5, 1)
    write([shop], warehouse.data)
    refunds_after_a_build(warehouse)
    with duckdb.connect(str(warehouse.kept.database)) as con:
        con.execute("update raw_standard.refunds set refund_amount = '77.00'")
    shop.rows["refunds"].append(("refunds_2.csv", dict(shop.rows["refunds"][0][1])))
    write([shop], warehouse.data)
    warehouse.build(warehouse.kept, REFUNDS)
    found = warehouse.kept.query(
        "select refund_amount from int_refunds_checked order by all"
    )
    assert [float(amount) for amount in found["refund_amount"]] == [5, 5, 77]


def test_refunds_that_orders_state_follow_them(warehouse):
    """Of a connector without rows of refunds, also where a row that did not change is
    an order's newest again.
    """
    shop = Shop("a")
    for customer in (1, 2):
        shop.order(0, customer, 2, 20, 0, 0)
        shop.rows["orders"][-1][1]["refund_amount"] = "3.00"
    shop.correct(1, 0, 0, 2, 0)
    shop.rows["orders"][-1][1].update(refund_amount="0", updated_at="2030-01-01")

    def build() -> tuple[int, list]:
        write([shop], warehouse.data)
        touched, said = refunds_after_a_build(warehouse)
        return touched, [(refund, what) for refund, _, what in said]

    last = shop.rows["orders"].pop()
    assert build()[1] == [("a-1", "3.00"), ("a-2", "3.00")]
    shop.rows["orders"].append(last)
    assert build() == (1, [("a-2", "3.00")])
    shop.rows["orders"].remove(last)
    assert build() == (1, [("a-1", "3.00"), ("a-2", "3.00")])
    assert build()[0] == 0
    shop.rows["orders"][1][1]["refund_amount"] = "4.00"
    assert build() == (2, [("a-1", "3.00"), ("a-2", "4.00")])


def test_refunds_of_documents_follow_them(warehouse):
    """Lines of cancelled invoices, also where a file that did not change counts no
    longer, or again.
    """
    header = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID"

    def build(**files) -> tuple[int, list]:
        write_shop(
            warehouse.data,
            **{
                name: "\n".join(
                    [f"{header},Country"]
                    + [f"{line},13085,United Kingdom" for line in lines]
                )
                for name, lines in files.items()
            },
        )
        for path in warehouse.data.glob("*.csv"):
            if path.stem not in files:
                path.unlink()
        touched, said = refunds_after_a_build(warehouse, "online_retail")
        return touched, [refund for refund, *_ in said]

    first = ["1,A,a,5,2010-12-01 08:00:00,2.0", "C3,A,a,-1,2010-12-01 09:00:00,2.0"]
    second = [
        "C2,A,a,-1,2010-12-01 09:00:00,2.0",
        "C2,B,b,-1,2010-12-01 09:00:00,3.0",
    ]
    assert build(b=first, c=second)[1] == ["C2-1", "C2-2", "C3-1"]
    assert build(a=second[:1], b=first, c=second) == (2, ["C2-1", "C3-1"])
    assert build(b=first, c=second) == (2, ["C2-1", "C2-2", "C3-1"])
    assert build(b=first, c=second)[0] == 0


def test_a_selection_goes_on_from_what_it_made(warehouse):
    """What the last build left aside is made anew, the rest goes on."""
    aside = ["path:models/intermediate/products", "int_customer_habits"]
    facts = [name for name in CORE if name not in aside]
    write([standing_shop()], warehouse.data)
    warehouse.build(warehouse.kept)
    shop = Shop("a")
    shop.order(1, 1, 2, 20, 0, 1)
    write([standing_shop(), shop], warehouse.data)
    warehouse.build(warehouse.kept, facts)
    assert warehouse.touched() == 1
    shop.order(2, 2, 3, 30, 0, 1)
    write([standing_shop(), shop], warehouse.data)
    warehouse.build(warehouse.kept)
    assert warehouse.touched() == 1
    assert not warehouse.differences()


@pytest.mark.parametrize("compared", COMPARED)
def test_nothing_is_kept_without_what_it_was_read_from(warehouse, compared):
    """A link that is there only for a selection of models that leaves out one of those
    that the next build compares with; or that makes this one alone.
    """
    shop = Shop("a")
    for customer in (1, 2):
        shop.order(0, customer, 2, 20, customer, 0)
    write([shop], warehouse.data)
    warehouse.build(warehouse.kept)
    for aside, select in [(compared, ["--exclude", compared]), (None, [compared])]:
        shop.link(1, 1, 2)
        write([shop], warehouse.data)
        warehouse.build(warehouse.kept, [*CORE, *select] if aside else select)
        shop.rows["customers"].pop()
        write([shop], warehouse.data)
        warehouse.build(warehouse.kept)
        assert warehouse.touched() == warehouse.orders() == 2
        assert not warehouse.differences()


@pytest.mark.slow
def test_other_settings_keep_nothing(warehouse, monkeypatch):
    """A var, the project's code or a stopped build: everything is made again."""
    write([standing_shop()], warehouse.data)
    warehouse.build(warehouse.kept)
    warehouse.build(warehouse.kept)
    assert warehouse.touched() == 0
    for name, value in [
        ("time_zone", "America/New_York"),
        ("as_of_date", "2024-02-01"),
        ("as_of_by", "arrival"),
        ("earliest_order_date", "2024-01-25"),
        ("reporting_currency", "USD"),
        ("link_customers_across_shops", True),
    ]:
        warehouse.build(warehouse.kept, **{name: value})
        assert warehouse.touched() == 3, name
    assert not warehouse.differences(link_customers_across_shops=True)
    monkeypatch.setenv("REPURCHASE_CODE", "another")
    warehouse.build(warehouse.kept)
    assert warehouse.touched() == 3
    warehouse.kept.run("int_orders")  # a run that does not come to the end
    warehouse.build(warehouse.kept)
    assert warehouse.touched() == 3


def test_vars_of_kept_models_are_settings():
    """Every var that a kept model, its staging or their macros read, and no other."""
    macros = {
        path.stem: path.read_text("utf-8") for path in ROOT.glob("macros/**/*.sql")
    }
    models = {
        path.stem: path.read_text("utf-8") for path in ROOT.glob("models/**/*.sql")
    }
    todo = [
        text
        for name, text in models.items()
        if "incremental_by(" in text
        or name.startswith("stg_")
        or name.endswith("_unioned")
        or name == "int_exchange_rates"
    ]
    settings_macro = macros.pop("build_settings")
    read = set()
    while todo:
        text = todo.pop()
        read |= set(re.findall(r"var\(['\"](\w+)['\"]", text))
        called = [name for name in macros if re.search(rf"\b{name}\(", text)]
        todo += [macros.pop(name) for name in called]
    (listed,) = re.findall(r"for name in \[(.*?)\]", settings_macro, re.DOTALL)
    assert set(re.findall(r"'(\w+)'", listed)) == read


def test_code_is_a_setting(monkeypatch):
    """build.py tells dbt of any change in the macros and in what reads the files."""
    before = build_script.code_hash()
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + b" ")
    assert build_script.code_hash() != before


@pytest.mark.slow
def test_a_changed_rule_keeps_nothing(warehouse, tmp_path):
    """In a copy of the project a status is made invalid: its orders are gone as in a
    rebuild.
    """
    project = tmp_path / "project"
    for name in ("models", "macros", "seeds/rules", "tests/generic", "tests/singular"):
        shutil.copytree(ROOT / name, project / name)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(ROOT / name, project)
    write([standing_shop()], warehouse.data)

    def build(models: Models) -> None:
        models.load("standard", warehouse.data)
        given = ["--project-dir", str(project), "--profiles-dir", str(project)]
        given += ["--vars", json.dumps(models.variables), "--select", *CORE]
        given += ["--resource-type", "model", "--resource-type", "seed"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("REPURCHASE_BUILD_DATABASE", str(models.database))
            patch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
            assert dbtRunner().invoke(["--quiet", "build", *given]).success

    build(warehouse.kept)
    assert len(warehouse.kept.query("from fct_orders")) == 3
    rules = project / "seeds/rules/order_status_rules.csv"
    text = rules.read_text("utf-8")
    rules.write_text(text.replace("standard,paid,true", "standard,paid,false"), "utf-8")
    build(warehouse.kept)
    assert len(warehouse.kept.query("from fct_orders")) == 0
    build(warehouse.anew)
    DuckDBConnectionManager.close_all_connections()
    assert not differences(warehouse.kept.database, warehouse.anew.database)


@settings(
    max_examples=max(1, HISTORIES // SHOPS),
    derandomize=HISTORIES == SHOPS,
    phases=[Phase.generate, Phase.shrink],
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(histories=st.lists(HISTORY, min_size=SHOPS, max_size=SHOPS), weeks=LAST_WEEKS)
def test_any_history_in_batches_equals_a_rebuild(histories, weeks, warehouse):
    """Random histories of small shops, cut into batches: after the last batch every
    table is what a full rebuild makes of the files.
    """
    assume(any(changes for _, changes, _ in histories))  # the first try is the simplest
    shutil.rmtree(warehouse.data.parent)
    warehouse.__init__(warehouse.data.parent)
    shops = [Shop(f"s{number}") for number in range(len(histories))]
    for batch, week in enumerate(weeks):
        take_place(shops, histories, batch)
        last = Shop("last")
        last.order(0, 1, week, 20, 0, 1)
        write([standing_shop(), *shops, last], warehouse.data)
        warehouse.build(warehouse.kept, ["*"] if batch == 2 else CORE, **FEW_IDS)
        assert (batch == 0) == (warehouse.touched() == warehouse.orders())
    found = warehouse.differences(["*"], **FEW_IDS)
    for shop, history in zip(shops, histories, strict=True):
        if any(f"{shop.name}-" in line or f"'{shop.name}'" in line for line in found):
            note(f"{shop.name}: {history}")
    record(len(histories), len(found))
    assert not found, "\n".join(found)


def take_place(shops: list[Shop], histories, batch: int) -> None:
    for shop, history in zip(shops, histories, strict=True):
        for name, *choices in history[batch]:
            getattr(shop, name)(batch, *choices)


def record(histories: int, differing: int) -> None:
    """Add to what the long form found, for the README."""
    if HISTORIES == SHOPS:
        return
    file = ROOT / "target" / "reliability" / "increments.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    found = json.loads(file.read_text("utf-8")) if file.exists() else {}
    found = {
        "name": "increments",
        "histories": found.get("histories", 0) + histories,
        "batches": found.get("batches", 0) + 3 * histories,
        "differing_tables": found.get("differing_tables", 0) + differing,
    }
    file.write_text(json.dumps(found), "utf-8")


@pytest.mark.engines
def test_histories_on_postgres(warehouse, postgres_server, monkeypatch):
    """Histories of the same kind on PostgreSQL: what is published at the end is what
    DuckDB makes of the files in a full build.
    """
    monkeypatch.setenv("REPURCHASE_PG_DATABASE", DATABASES[1])
    drawn = random.Random(7)

    def some(strategy: str, batch: int) -> tuple:
        order = ("order", drawn.randrange(4), drawn.randrange(30))
        changes = {
            "order": (*order, drawn.randrange(40), drawn.randrange(3), 1),
            "correct": ("correct", *(drawn.randrange(n) for n in (9, 5, 4, 2))),
            "delete": ("delete", drawn.randrange(4), drawn.randrange(9)),
            "refund": ("refund", drawn.randrange(9), drawn.randrange(40), 1),
            "link": ("link", drawn.randrange(4), drawn.randrange(3)),
        }
        return changes[strategy if batch == 0 else drawn.choice(list(changes))]

    histories = [
        [[some("order", batch) for _ in range(3)] for batch in range(3)]
        for _ in range(10)
    ]
    shops = [Shop(f"s{number}") for number in range(len(histories))]
    for batch in range(3):
        take_place(shops, histories, batch)
        write([standing_shop(), *shops], warehouse.data)
        built = run_build(
            warehouse.data.parent,
            *("--target", "postgres", "--connector", "standard"),
            *("--data", warehouse.data),
        )
        assert built.code == 0, built.errors + built.output
    with load.engine("postgres").connected() as connection:
        counts = "select count(distinct order_key) from intermediate."
        ((touched,),) = connection.execute(counts + "int_touched_orders").fetchall()
        ((orders,),) = connection.execute(counts + "int_order_prints").fetchall()
    assert 0 < touched < orders
    warehouse.build(warehouse.anew, ["*"])
    DuckDBConnectionManager.close_all_connections()
    grains = parity.grains(ROOT / "models/marts")
    files = {"anew": warehouse.anew.database, "kept": built.database}
    found = [f for f in parity.compare_files(files, grains) if f.differences]
    assert not found, "\n".join(map(str, found))
