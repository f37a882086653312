"""By arrival the past is what was known of it: a build as of a day knows only the rows
that had come by then, and of each the last version that had."""

import json
from collections import Counter
from datetime import date, timedelta

import duckdb
import parity
import pytest
import verify
from conftest import FIXTURES, MARTS, ROOT, write_shop
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from test_time_travel import local_day

AS_OF = date(2024, 5, 31)
AUDIT = ["rejected_rows", "source_reconciliation"]
EVENTS = {"orders": "ordered_at", "refunds": "refunded_at"}
# Small enough for a small shop to have rows of every kind.
SMALL = {"affinity_minimum_together": 2, "minimum_group_customers": 1}


class Shop:
    """Raw rows by file, each with the moment it came or changed in `updated_at`."""

    def __init__(self):
        self.files = {}

    def add(self, file: str, updated: str, **row) -> None:
        self.files.setdefault(file, []).append(row | {"updated_at": updated})

    def order(self, order_id, ordered, *versions, **given) -> None:
        """An order of 100.00 with an item; `versions`: (updated, what is another)."""
        row = {
            "order_id": order_id,
            "customer_id": order_id,
            "ordered_at": ordered,
            "time_zone": "",
            "status": "paid",
            "currency": "CNY",
            "gross_amount": "100.00",
            "channel": "web",
        }
        for updated, changed in versions:
            self.add("orders", updated, **row | given | changed)
        item = {"product_id": "tea", "quantity": 1, "unit_price": "100.00"}
        self.add("order_items", "", order_id=order_id, **item)

    def refund(self, refund_id, order_id, refunded, updated, amount="30.00") -> None:
        row = {"refund_id": refund_id, "order_id": order_id, "refunded_at": refunded}
        self.add("refunds", updated, **row, currency="CNY", refund_amount=amount)

    def of_the_day(self) -> dict[str, list[dict]]:
        """The files as they were in the evening of the as-of date."""

        def had_come(file, row):
            entity = "order_items" if file.startswith("order_items") else file
            changed = local_day(row["updated_at"], row.get("time_zone"))
            if entity == "order_items" and not changed:
                return row["order_id"] in known
            event = local_day(row.get(EVENTS.get(entity), ""), row.get("time_zone"))
            day = changed or event
            return day is None or day <= AS_OF

        known = {r["order_id"] for r in self.files["orders"] if had_come("orders", r)}
        files = {
            file: [row for row in rows if had_come(file, row)]
            for file, rows in self.files.items()
        }
        return {file: rows for file, rows in files.items() if rows}


def shop_with_a_past() -> Shop:
    """Twelve regular customers, and an order for each thing that can come later."""
    shop = Shop()
    for customer in range(12):
        for number in range(4 + customer % 5):
            days = 17 * customer + (40 + 3 * customer) * number
            day = date(2023, 1, 5) + timedelta(days=days)
            order_id, product = f"r{customer}-{number}", f"p{(customer + number) % 3}"
            shop.add(
                "orders",
                f"{day}T13:00:00+08:00",
                order_id=order_id,
                customer_id=f"c{customer}",
                ordered_at=f"{day}T12:00:00+08:00",
                status="paid",
                currency="CNY",
                gross_amount=f"{20 + customer}.50",
                channel=("web", "app")[number % 2],
            )
            for product_id, price in [(product, f"{customer}.50"), ("tea", "20.00")]:
                item = {"product_id": product_id, "quantity": 1, "unit_price": price}
                shop.add("order_items", "", order_id=order_id, **item)

    april, night = "2024-04-01T12:00:00+08:00", "T23:59:59+08:00"
    first = (april, {})
    cheaper, cancelled = {"gross_amount": "60.00"}, {"status": "cancelled"}
    shop.order("cancelled later", april, first, ("2024-06-05", cancelled))
    shop.order("cancelled before", april, first, ("2024-05-20", cancelled))
    shop.order("corrected later", april, first, ("2024-06-10", cheaper))
    shop.order("corrected that day", april, first, (f"2024-05-31{night}", cheaper))
    shop.order("at midnight", april, first, ("2024-06-01T00:00:00+08:00", cheaper))
    west = {"time_zone": "America/New_York"}
    shop.order("west", april, first, ("2024-06-01T03:59:59Z", cheaper), **west)
    shop.order("west, later", april, first, ("2024-06-01T04:00:00Z", cheaper), **west)
    shop.order("moved later", april, first, ("2024-06-15", {"customer_id": "x"}))
    shop.order("unreadable later", april, first, ("2024-06-05", {"status": "?"}))
    shop.order("unreadable", april, (april, {"status": "?"}))
    shop.order("arrived late", "2024-03-03T12:00:00+08:00", ("2024-06-20", {}))
    shop.order("ordered later", "2024-06-15T12:00:00+08:00", ("2024-06-15", {}))
    shop.order("ordered ahead", "2024-06-15T12:00:00+08:00", first)
    shop.order("silent", f"2024-05-31{night}", ("", {}))
    shop.order("silent, later", "2024-06-01T00:00:00+08:00", ("", {}))

    for name in ("refunded later", "refund late", "refund corrected", "refund silent"):
        shop.order(name, april, first)
    shop.refund("R1", "refunded later", "2024-06-03", "2024-06-03")
    shop.refund("R2", "refund late", "2024-05-20", "2024-06-02")
    shop.refund("R3", "refund corrected", "2024-05-20", "2024-05-20")
    shop.refund("R3", "refund corrected", "2024-05-20", "2024-06-15", "50.00")
    shop.refund("R4", "refund silent", "2024-06-04", "")

    shop.order("one", april, first)
    shop.order("other", april, first)
    shop.add("customers", april, customer_id="one", email="a@example.com", country="CN")
    shop.add(
        "customers",
        "2024-06-10",
        customer_id="other",
        email="a@example.com",
        country="",
    )
    shop.add("customers", "", customer_id="silent", email="", country="FR")
    shop.add("products", "2023-01-01", product_id="tea", product_name="Green tea")
    shop.add("products", "2024-06-08", product_id="tea", product_name="Tea")
    shop.add("products", "", product_id="p0", product_name="Cup")

    shop.order("items corrected", april, first)
    item = {"order_id": "items corrected", "product_id": "p1", "quantity": 1}
    shop.add("order_items_june", "2024-06-12", **item, unit_price="100.00")
    return shop


SHOP = shop_with_a_past()
PURCHASES = {  # net amount by arrival, worked out by hand; None: no purchase
    "cancelled later": 100,
    "cancelled before": None,
    "corrected later": 100,
    "corrected that day": 60,
    "at midnight": 100,
    "west": 60,
    "west, later": 100,
    "moved later": 100,
    "unreadable later": 100,
    "unreadable": None,
    "arrived late": None,
    "ordered later": None,
    "ordered ahead": None,
    "silent": 100,
    "silent, later": None,
    "refunded later": 100,
    "refund late": 100,
    "refund corrected": 70,
    "refund silent": 100,
    "one": 100,
    "other": 100,
    "items corrected": 100,
}


def built(models, folder, files, **variables):
    """All marts of the files, made by dbt; `folder` is theirs."""
    shop = models()
    shop.load("standard", write_shop(folder, **files))
    shop.variables |= SMALL | {"as_of_date": str(AS_OF)} | variables
    shop.run("*")
    DuckDBConnectionManager.close_all_connections()
    return shop


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
def then(models, folder):
    """All files, as of the day and by arrival."""
    return built(models, folder, SHOP.files, as_of_by="arrival")


@pytest.fixture(scope="module")
def of_the_day(models, tmp_path_factory):
    """The files as they were that day; nothing is said of arrival."""
    return built(models, tmp_path_factory.mktemp("day"), SHOP.of_the_day())


def rows(shop, query: str) -> list[tuple]:
    with duckdb.connect(str(shop.database), read_only=True) as con:
        con.execute("set search_path = 'marts'")
        return con.execute(query).fetchall()


def test_every_purchase_is_what_was_known_of_it(then):
    """The cases worked by hand, customers and products with them."""
    found = rows(then, "select order_id, net_amount from fct_orders")
    known = {case: net for case, net in PURCHASES.items() if net is not None}
    assert {case: net for case, net in found if case in PURCHASES} == known
    customers = "select customer_id from fct_orders where order_id = 'moved later'"
    assert rows(then, customers) == [("moved later",)]
    names = "select product_id, name from dim_products where product_id in "
    assert rows(then, names + "('tea', 'p0') order by all") == [
        ("p0", "Cup"),
        ("tea", "Green tea"),
    ]
    items = "select product_id from fct_order_items join fct_orders using (order_key) "
    items += "where order_id = 'items corrected'"
    assert rows(then, items) == [("tea",)]
    people = "select count(distinct customer_key) from fct_orders "
    people += "where order_id in ('one', 'other')"
    assert rows(then, people) == [(2,)]


def test_the_past_is_as_it_was(then, of_the_day):
    """Every mart of all files equals, row by row, that of the day's files; only the
    audit tells of rows that came later."""
    files = {"of the day": of_the_day.database, "by arrival": then.database}
    found = parity.compare_files(files, parity.grains(ROOT / "models/marts"))
    assert sorted(finding.mart for finding in found) == sorted(MARTS)
    assert [f.mart for f in found if f.differences] == AUDIT
    empty = [f.mart for f in found if not f.rows]
    assert empty == ["prediction_calibration", "reactivations"]


def test_what_came_later_is_accounted_for(then, of_the_day):
    """The rows that the day's files did not hold are rejected because they had not
    arrived, or because their order had not; nothing else is."""
    rejected = "select entity, reason_code, raw_values from rejected_rows"
    later = Counter(rows(then, rejected)) - Counter(rows(of_the_day, rejected))
    assert not Counter(rows(of_the_day, rejected)) - Counter(rows(then, rejected))
    files = SHOP.files, SHOP.of_the_day()
    every, known = (sum(map(len, held.values())) for held in files)
    assert later.total() == every - known
    assert {(entity, reason) for entity, reason, _ in later} == {
        ("orders", "not_arrived"),
        ("order_items", "not_arrived"),
        ("order_items", "order_not_found"),
        ("refunds", "not_arrived"),
        ("customers", "not_arrived"),
        ("products", "not_arrived"),
    }
    counted = "select connector, entity, accepted_rows, accepted_amount, "
    counted += "superseded_rows, excluded_rows, difference_rows, difference_amount "
    counted += "from source_reconciliation order by all"
    assert rows(then, counted) == rows(of_the_day, counted)


def test_verify_recomputes_it(then, folder, capsys):
    """A second computation from the raw files comes to the same marts."""
    arguments = ["--database", then.database, "--connector", "standard"]
    arguments += ["--data", folder, "--vars-json", json.dumps(then.variables)]
    assert verify.main([*map(str, arguments)]) == 0, capsys.readouterr().out


@pytest.mark.slow
def test_the_command_builds_it(build, then, folder):
    """build.py tests, verifies and publishes the same, and says which meaning it is."""
    done = build(
        *("--connector", "standard", "--data", folder, "--vars", json.dumps(SMALL)),
        *("--as-of", AS_OF, "--as-of-by", "arrival"),
    )
    first = next(line for line in done.output.splitlines() if line[:3] == "as ")
    assert first.split()[:5] == ["as", "of", str(AS_OF), "(by", "arrival:"]
    for mart in MARTS:
        assert done.mart(mart) == rows(then, f"from {mart} order by all nulls first")


def test_a_flat_export_arrives_file_by_file(models):
    """Of an order in two exports the last that had arrived counts, by the shop's own
    clock: #1001 was sent on 2 May; #1002 was paid on the evening of the 3rd in New
    York, which is the 4th in Shanghai, and sent on the 8th."""
    shop = models()
    shop.load("shopify", FIXTURES / "shopify")
    shop.variables["connectors"]["shopify"]["time_zone"] = "America/New_York"
    shop.variables |= {"time_zone": "Asia/Shanghai", "reporting_currency": "EUR"}
    select = ("+fct_orders", "+fct_order_items", "+fct_refunds", "+rejected_rows")
    shop.run(*select, as_of_date="2026-05-03", as_of_by="arrival")
    DuckDBConnectionManager.close_all_connections()
    orders = "select order_id, status, count(*) from fct_orders "
    orders += "join fct_order_items using (order_key) group by all order by all"
    assert rows(shop, orders) == [("#1001", "paid", 3), ("#1002", "paid", 1)]
    assert rows(shop, "from fct_refunds") == []
    reasons = "select distinct entity, reason_code from rejected_rows"
    assert rows(shop, reasons) == [("order_lines", "not_arrived")]
