"""Each connector from its own export to hand-computed marts, and tables by vars."""

import json
import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from conftest import FIXTURES, ROOT, Build


def money(*texts) -> tuple:
    return tuple(Decimal(text) for text in texts)


def reconciliation(build) -> dict[str, tuple]:
    """Raw, accepted, superseded, rejected and excluded rows by entity."""
    rows = build.rows(
        "select entity, raw_rows, accepted_rows, superseded_rows, rejected_rows, "
        "excluded_rows from source_reconciliation where difference_rows = 0 "
        "and difference_amount = 0"
    )
    return {entity: tuple(counts) for entity, *counts in rows}


# -- Shopify --


@pytest.fixture(scope="module")
def shopify(build):
    """Two exports that overlap: order #1001 unchanged, #1002 partly refunded since."""
    options = ["--currency", "EUR", "--time-zone", "Europe/Berlin"]
    return build("--connector", "shopify", "--data", FIXTURES / "shopify", *options)


def test_shopify_orders(shopify):
    """Six of thirteen orders are purchases, with lines, discount and refund summed."""
    assert shopify.rows(
        "select order_id, order_date, gross_amount, discount_amount, refund_amount, "
        "net_amount, status from fct_orders order by order_id"
    ) == [
        ("#1001", date(2026, 5, 1), *money("58.40", "5.00", "0.00", "53.40"), "paid"),
        (
            "#1002",
            date(2026, 5, 3),
            *money("36.00", "0.00", "18.00", "18.00"),
            "partially_refunded",
        ),
        ("#1005", date(2026, 5, 6), *money("25.00", "0.00", "0.00", "25.00"), "paid"),
        ("#1007", date(2026, 6, 10), *money("22.40", "0.00", "0.00", "22.40"), "paid"),
        ("#1009", date(2026, 6, 13), *money("9.90", "0.00", "0.00", "9.90"), "paid"),
        (
            "#1012",
            date(2026, 6, 20),
            *money("12.50", "0.00", "0.00", "12.50"),
            "authorized",
        ),
    ]


def test_shopify_customers(shopify):
    """E-mail, else phone, is the customer; neither is a guest."""
    assert shopify.rows(
        "select customer_id, order_count, purchase_count, net_amount, tenure_days, "
        "recency_days from fct_customers order by net_amount"
    ) == [
        (None, 1, 1, Decimal("18.00"), 48, 48),
        (None, 2, 2, Decimal("37.50"), 45, 0),
        (None, 2, 2, Decimal("75.80"), 50, 10),
    ]
    assert shopify.rows("select order_id from fct_orders where is_guest") == [
        ("#1009",)
    ]


def test_shopify_order_columns(shopify):
    """What stands on the first row of an order is the order's."""
    assert shopify.row(
        "select currency, coupon_code, is_discounted, channel, country, tax_amount, "
        "shipping_amount, warning_code from fct_orders where order_id = '#1001'"
    ) == ("EUR", "WELCOME10", True, "web", "DE", *money("3.30", "4.90"), None)


def test_shopify_items(shopify):
    """Equal lines are two lines, and an order's discount is shared out to the cent."""
    order = "order_key = (select order_key from fct_orders where order_id = ?)"
    assert shopify.rows(
        "select line_number, product_id, quantity, gross_amount, discount_amount, "
        f"net_amount from fct_order_items where {order} order by 1",
        "#1001",
    ) == [
        # 5.00 x 9.90 / 58.40 = .8476, x 22.40 / 58.40 = 1.9178
        (1, "CUP-7", *money("1", "9.90", "0.85", "9.05")),
        (2, "TEA-1", *money("1", "12.50", "1.07", "11.43")),
        (3, "TEA-2", *money("2", "36.00", "3.08", "32.92")),
    ]
    assert shopify.rows(
        f"select line_number, product_id from fct_order_items where {order}", "#1005"
    ) == [(1, "TEA-1"), (2, "TEA-1")]
    assert shopify.mart("dim_products", "product_id, name, category") == [
        ("CUP-7", "Cup 茶杯", None),
        ("TEA-1", "Gunpowder 100 g", None),
        ("TEA-2", 'Oolong "Iron Goddess", 250 g', None),
    ]


def test_shopify_refunds(shopify):
    """A total stated on an order is its refund; a full one undoes the purchase."""
    columns = "refund_id, refund_date, refund_amount, refund_of"
    assert shopify.mart("fct_refunds", columns) == [
        ("#1002", date(2026, 5, 3), Decimal("18.00"), "purchase"),
        ("#1006", date(2026, 5, 7), Decimal("40.90"), "excluded_order"),
    ]


def test_shopify_accounts(shopify):
    """Every row of both files is accounted for, and two orders have a reason."""
    assert reconciliation(shopify) == {
        "order_lines": (21, 16, 4, 1, 0),
        "orders": (12, 11, 0, 1, 5),
        "order_items": (11, 10, 0, 1, 0),
        "refunds": (2, 2, 0, 0, 0),
    }
    columns = "entity, reason_code, source_file"
    file = "orders_export_2026_06.csv"
    assert shopify.mart("rejected_rows", columns) == [
        ("order_items", "order_not_found", file),
        ("order_lines", "unknown_status", file),
        ("orders", "missing_exchange_rate", file),
    ]


# -- Online Retail II --


@pytest.fixture(scope="module")
def retail(build):
    """Two yearly files that overlap by one invoice and one cancellation."""
    return build("--connector", "online_retail", "--data", FIXTURES / "online_retail_2")


def test_retail_orders(retail):
    """Invoices are orders; the overlap counts once, equal lines of a file twice."""
    assert retail.rows(
        "select order_id, customer_id, gross_amount, country from fct_orders "
        "order by order_id"
    ) == [
        ("489434", "13085", Decimal("164.40"), "United Kingdom"),
        ("489435", "13085", Decimal("100.80"), "United Kingdom"),
        ("489436", "12682", Decimal("54.00"), "France"),
        ("489437", None, Decimal("37.50"), "United Kingdom"),
        ("489438", "12682", Decimal("15.30"), "France"),
        ("536365", "17850", Decimal("50.94"), "United Kingdom"),
        ("536366", "17850", Decimal("11.10"), "United Kingdom"),
        ("536370", "13085", Decimal("180.00"), "United Kingdom"),
        ("536544", None, Decimal("2.51"), "United Kingdom"),
        ("541431", "12346", Decimal("84234.80"), "United Kingdom"),
        ("581587", "12682", Decimal("14.85"), "Belgium"),
    ]


def test_retail_customers(retail):
    """A cancellation reduces its customer and never an order or a purchase day."""
    assert retail.rows(
        "select customer_id, order_count, purchase_count, gross_amount, refund_amount, "
        "net_amount from fct_customers order by customer_id"
    ) == [
        ("12346", 1, 1, *money("84234.80", "84234.80", "0.00")),
        ("12682", 3, 3, *money("84.15", "0.00", "84.15")),
        ("13085", 3, 2, *money("445.20", "35.40", "409.80")),
        ("17850", 2, 2, *money("62.04", "0.00", "62.04")),
    ]


def test_retail_refunds(retail):
    """Cancellations of people who never bought are kept as nobody's."""
    columns = "refund_id, refund_date, refund_amount, refund_of, order_key"
    assert retail.mart("fct_refunds", columns) == [
        ("C489449-1", date(2009, 12, 5), Decimal("35.40"), "customer", None),
        ("C536379-1", date(2010, 12, 1), Decimal("27.50"), "nobody", None),
        ("C536391-1", date(2010, 12, 6), Decimal("19.80"), "nobody", None),
        ("C541433-1", date(2011, 1, 18), Decimal("84234.80"), "customer", None),
    ]


def test_retail_accounts(retail):
    """A write-off and a bad debt are rejected, an unpriced line is no purchase."""
    assert reconciliation(retail) == {
        "order_lines": (26, 20, 4, 2, 0),
        "orders": (12, 12, 0, 0, 1),
        "order_items": (15, 15, 0, 0, 0),
        "refunds": (4, 4, 0, 0, 0),
    }
    assert retail.mart("rejected_rows", "entity, reason_code") == [
        ("order_lines", "negative_quantity"),
        ("order_lines", "negative_unit_price"),
    ]


@pytest.fixture(scope="module")
def semicolon(build):
    """A copy as spreadsheets save it: cp1252, semicolons and decimal commas."""
    folder = FIXTURES / "online_retail_2_semicolon"
    return build("--connector", "online_retail", "--data", folder)


def test_retail_with_decimal_commas(semicolon):
    """1.018,00 is a thousand and eighteen where every number has a decimal comma."""
    assert semicolon.rows(
        "select order_id, gross_amount from fct_orders order by order_id"
    ) == [
        ("489434", Decimal("164.40")),
        ("489435", Decimal("100.80")),
        ("489436", Decimal("3054.00")),
        ("489437", Decimal("37.50")),
        ("489438", Decimal("15.30")),
    ]
    assert semicolon.row(
        "select name from dim_products where product_id = '22107'"
    ) == ("CAFÉ CRÈME TIN; LARGE",)


# -- tables of a warehouse --


def dbt_build(database: Path, connectors: dict, *options):
    """Plain `dbt build` in a database, without any script of this project."""
    command = [Path(sys.executable).with_name("dbt"), "build", "--quiet"]
    command += ["--exclude", "resource_type:unit_test", "path:seeds/demo"]
    command += ["--vars", json.dumps({"connectors": connectors}), *options]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"REPURCHASE_BUILD_DATABASE": str(database)},
        capture_output=True,
        text=True,
        check=False,
    )


SALES = """
    create schema my_shop;
    create table my_shop.sales as
    select
        7000 + i as order_id,
        case when i < 3 then 1 else i end as customer_id,
        timestamptz '2024-01-01 20:00:00+00' + to_days(i * 40) as ordered_at,
        'Completed' as status,
        'CNY' as currency,
        (10.5 * i)::decimal(10, 3) as gross_amount,
        {'note': 'not for us'} as "Other Things"
    from range(1, 5) as rows (i);
"""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    """A database with one table of orders, typed, under its own names."""
    database = tmp_path_factory.mktemp("warehouse") / "shop.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute("set timezone = 'UTC'")
        con.execute(SALES)
    return database


def sales_of(schema="my_shop", table="sales") -> dict:
    orders = {"entities": ["orders"], "schema": schema, "tables": {"orders": table}}
    return {"standard": orders}


def test_warehouse_tables(warehouse):
    """Typed tables in another schema give marts; what is absent is empty or NULL."""
    done = dbt_build(warehouse, sales_of())
    assert done.returncode == 0, done.stdout + done.stderr
    marts = Build(0, "", "", warehouse, warehouse)
    assert marts.rows(
        "select order_id, customer_id, order_date, purchase_number, net_amount, "
        "channel, warning_code from fct_orders order by order_id"
    ) == [
        # 20:00 UTC is the next day in Shanghai
        ("7001", "1", date(2024, 2, 11), 1, Decimal("10.50"), None, None),
        ("7002", "1", date(2024, 3, 22), 2, Decimal("21.00"), None, None),
        ("7003", "3", date(2024, 5, 1), 1, Decimal("31.50"), None, None),
        ("7004", "4", date(2024, 6, 10), 1, Decimal("42.00"), None, None),
    ]
    assert marts.mart("fct_order_items") == marts.mart("dim_products") == []
    assert reconciliation(marts) == {
        "orders": (4, 4, 0, 0, 0),
        "refunds": (0, 0, 0, 0, 0),
    }
    assert marts.row(
        "select eligible_customers, repurchasers from repurchase_rates "
        "where cohort_start is null and window_days = 60"
    ) == (1, 1)


def test_warehouse_table_without_a_required_column(warehouse, tmp_path):
    """A table without a required column stops dbt with the table, column and remedy."""
    database = tmp_path / "shop.duckdb"
    database.write_bytes(warehouse.read_bytes())
    with duckdb.connect(str(database)) as con:
        columns = "* exclude (status)"
        con.execute(f"create view my_shop.odd as select {columns} from my_shop.sales")
    done = dbt_build(database, sales_of(table="odd"), "--select", "staging")
    output = done.stdout + done.stderr
    assert done.returncode != 0
    assert "has no column status, which connector standard needs" in output
    assert "my_shop" in output and "odd" in output
    assert "Traceback" not in output
