"""What is wrong in the input is one clear line or a rejected row, never a traceback."""

import gzip
from datetime import date
from decimal import Decimal

import pytest
from conftest import FIXTURES, write_shop

HEADER = "order_id,customer_id,ordered_at,status,currency,gross_amount"
ROW = "1,C1,2024-01-01,paid,CNY,12.50"
SHOPIFY = (FIXTURES / "shopify/orders_export_2026_05.csv").read_bytes()

# -- rows --

SQL = "x'; drop table marts.fct_orders; --"
ODD = 'a"b;c|d\\e'
# Good orders carry what spreadsheets and people do to ids, amounts and names.
GOOD_ORDERS = [
    # order id, customer id, ordered at, gross amount
    ("1", "13085.0", "2024-01-01", "10.00"),
    ("2", "13085", "2024-02-01", "$1,240.00"),
    ("3", "0012", "2024-01-02 08:00:00 +0800", "¥5"),
    ("4", '="0012"', "2024/2/2", "-0"),
    ("5", "12", "2024-02-29", "0.005"),
    ("'0100", "'0013", "2024-01-03T23:30:00Z", "7"),
    (SQL, 'O\'Brien; "x"', "2024-01-05", "11"),
    (ODD, "顾客 一号 🍵", "2024-01-06", "999999999999.99"),
]
BAD_ORDERS = [
    # reason code, order id, ordered at, gross amount, what else is special
    ("unreadable_ordered_at", "b1", "2024-04-31", "1", {}),
    ("unreadable_ordered_at", "b2", "31.12.2023", "1", {}),
    ("unreadable_ordered_at", "b3", "yesterday", "1", {}),
    ("unreadable_ordered_at", "b4", "2024-01-01 25:00", "1", {}),
    ("unreadable_ordered_at", "b27", "\v2024-01-01", "1", {}),
    ("unreadable_gross_amount", "b28", "2024-01-01", "\u200b1", {}),
    ("date_out_of_range", "b5", "0001-01-01", "1", {}),
    ("date_out_of_range", "b6", "9999-12-31", "1", {}),
    ("date_out_of_range", "b7", "9999-12-31 23:59:59 -1200", "1", {}),
    ("missing_ordered_at", "b8", "", "1", {}),
    ("unreadable_gross_amount", "b9", "2024-01-01", "1.240,00", {}),
    ("unreadable_gross_amount", "b10", "2024-01-01", "12 CNY", {}),
    ("unreadable_gross_amount", "b11", "2024-01-01", "1e3", {}),
    ("unreadable_gross_amount", "b12", "2024-01-01", "NaN", {}),
    ("unreadable_gross_amount", "b13", "2024-01-01", "１２", {}),
    ("unreadable_gross_amount", "b14", "2024-01-01", "1" * 13, {}),
    ("missing_gross_amount", "b15", "2024-01-01", " ", {}),
    ("negative_gross_amount", "b16", "2024-01-01", "-$5.00", {}),
    ("negative_discount_amount", "b17", "2024-01-01", "5", {"discount_amount": "-1"}),
    ("unreadable_discount_amount", "b18", "2024-01-01", "5", {"discount_amount": "%"}),
    ("unreadable_time_zone", "b19", "2024-01-01", "5", {"time_zone": "Mars/Base"}),
    ("unreadable_updated_at", "b20", "2024-01-01", "5", {"updated_at": "soon"}),
    ("unknown_status", "b21", "2024-01-01", "5", {"status": "on the way"}),
    ("unknown_status", "b22", "2024-01-01", "5", {"status": ""}),
    ("missing_currency", "b23", "2024-01-01", "5", {"currency": ""}),
    ("missing_exchange_rate", "b24", "2024-01-01", "5", {"currency": "R'M"}),
    ("missing_exchange_rate", "b25", "1999-01-01", "5", {"currency": "USD"}),
    ("missing_order_id", "", "2024-01-01", "5", {}),
    ("missing_order_id", '=""', "2024-01-01", "6", {}),
]
ITEMS = """
order_id,product_id,product_name,quantity,unit_price,discount_amount,line_number
1,P1,"Tea, ""best""
of 2024",1,10.00,,1
2,00P2,Becher ☕ 杯子,1,"$1,240.00",,1
3,="0007",,80995,0.0001,,x
3,="0007",,"80,995",0.0001,,2
b1,P1,,1,1,,
none,P1,,1,1,,
1,,,1,1,,
1,P1,,,1,,
1,P1,,1,,,
1,P1,,-1,1,,
1,P1,,1,-1,,
1,P1,,1,1,-1,
1,P1,,one,1,,
1,P1,,1,"1.240,00",,
1,P1,,1,1,x,
1,P1,,999999999999,9999,,
,P1,,1,1,,
"""
REFUNDS = """
refund_id,order_id,customer_id,refunded_at,currency,refund_amount
R1,2,,2024-02-03,,"$240.00"
R2,2,,2024-02-30,,1
R3,none,,2024-02-03,,1
R4,2,,2024-02-03,USD,1
R5,2,,2024-02-03,,-1
R6,2,,2024-02-03,,
R7,2,,2024-03-01,,1
R8,,0012,,CNY,1
R9,,0012,2024-02-03,,1
,2,,2024-02-03,,1
R10,,0012,2024-02-03,ZZZ,1
R11,2,,0001-01-01,,1
"""


@pytest.fixture(scope="module")
def shop(build, tmp_path_factory):
    """One shop with everything that rows can have wrong, in files with quirks."""
    common = {"status": "Completed ", "currency": "cny", "channel": "we\0b"}
    names = ("order_id", "customer_id", "ordered_at", "gross_amount")
    orders = [common | dict(zip(names, row, strict=True)) for row in GOOD_ORDERS]
    for _, number, moment, gross, more in BAD_ORDERS:
        row = dict(zip(names, (number, "C", moment, gross), strict=True))
        orders.append(common | row | more)
    # Another export of order 1, newer, and of 2, older: the newest of each counts.
    newer = orders[0] | {"updated_at": "2024-03-01", "gross_amount": "10.01"}
    older = orders[1] | {"gross_amount": "999"}
    orders[1]["updated_at"] = "2024-02-02"
    # Neither newer nor older: the greater amount counts, in whichever file it stands.
    tied = [orders[4] | {"gross_amount": "0.001"}, orders[5] | {"gross_amount": "8"}]
    folder = write_shop(
        tmp_path_factory.mktemp("shop"),
        orders=orders,
        orders_overlap=[newer, older, *tied],
        order_items=ITEMS,
        refunds=REFUNDS,
    )
    # A byte order mark and Windows line ends, as spreadsheets write them.
    text = (folder / "refunds.csv").read_text("utf-8")
    (folder / "refunds.csv").write_text(text, "utf-8-sig", newline="\r\n")
    (folder / "customers.csv.gz").write_bytes(
        gzip.compress(b"customer_id;email\n0012;li@example.com\n;x@y\n")
    )
    (folder / "notes.docx").write_bytes(b"not for us")
    return build("--connector", "standard", "--data", folder, "--currency", "CNY")


def rejected(build, entity) -> list[tuple]:
    return build.rows(
        "select raw_values, reason_code from rejected_rows where entity = ?", entity
    )


def test_bad_orders_are_rejected_with_their_reason(shop):
    """Every bad order is in rejected_rows, once, with the first reason that holds."""
    expected = sorted(
        (code, "" if code == "missing_order_id" else number)
        for code, number, *_ in BAD_ORDERS
    )
    found = sorted(
        (
            code,
            raw.removeprefix("order_id=").split(";")[0] if "order_id=b" in raw else "",
        )
        for raw, code in rejected(shop, "orders")
    )
    assert found == expected


def test_good_orders_survive_their_quirks(shop):
    """Ids and amounts are read as meant, and nothing of a value is run as SQL."""
    assert shop.rows(
        "select order_id, customer_id, order_date, gross_amount from fct_orders "
        "order by order_date"
    ) == [
        ("1", "13085", date(2024, 1, 1), Decimal("10.01")),
        ("3", "0012", date(2024, 1, 2), Decimal("5.00")),
        ("0100", "0013", date(2024, 1, 4), Decimal("8.00")),
        (SQL, 'O\'Brien; "x"', date(2024, 1, 5), Decimal("11.00")),
        (ODD, "顾客 一号 🍵", date(2024, 1, 6), Decimal("999999999999.99")),
        ("2", "13085", date(2024, 2, 1), Decimal("1240.00")),
        ("4", "0012", date(2024, 2, 2), Decimal("0.00")),
        ("5", "12", date(2024, 2, 29), Decimal("0.01")),
    ]


def test_ids_written_in_other_ways_are_one_customer(shop):
    """13085.0 is 13085 and ="0012" is 0012, while 12 is somebody else."""
    assert shop.rows(
        "select customer_id, order_count from fct_customers where customer_id in "
        "('13085', '0012', '12') order by 1"
    ) == [("0012", 2), ("12", 1), ("13085", 2)]


def test_nul_characters_are_marked(shop):
    """A NUL byte is read as U+FFFD, and the user is told."""
    assert shop.rows("select distinct channel from fct_orders") == [("we\ufffdb",)]
    assert "NUL characters are read as U+FFFD" in shop.errors


def test_items(shop):
    """Huge quantities, grouped digits, quoted newlines and emoji are fine."""
    assert shop.rows(
        "select product_id, quantity, unit_price, items.gross_amount, line_number "
        "from fct_order_items as items order by product_id, line_number"
    ) == [
        ("0007", Decimal(80995), Decimal("0.0001"), Decimal("8.10"), 1),
        ("0007", Decimal(80995), Decimal("0.0001"), Decimal("8.10"), 2),
        ("00P2", Decimal(1), Decimal(1240), Decimal("1240.00"), 1),
        ("P1", Decimal(1), Decimal(10), Decimal("10.00"), 1),
    ]
    assert shop.mart("dim_products", "product_id, name") == [
        ("0007", None),
        ("00P2", "Becher ☕ 杯子"),
        ("P1", 'Tea, "best"\nof 2024'),
    ]
    assert sorted(code for _, code in rejected(shop, "order_items")) == sorted(
        [
            "order_not_found",
            "order_not_found",
            "missing_product_id",
            "missing_quantity",
            "missing_unit_price",
            "negative_quantity",
            "negative_unit_price",
            "negative_discount_amount",
            "unreadable_quantity",
            "unreadable_unit_price",
            "unreadable_discount_amount",
            "amount_out_of_range",
            "missing_order_id",
        ]
    )


def test_refunds(shop):
    """One refund counts; the others have their reasons."""
    columns = "refund_id, refund_date, refund_amount, refund_of"
    assert shop.mart("fct_refunds", columns) == [
        ("R1", date(2024, 2, 3), Decimal("240.00"), "purchase")
    ]
    found = {
        raw.split("; ")[0].removeprefix("refund_id="): code
        for raw, code in rejected(shop, "refunds")
    }
    assert found == {
        "R2": "unreadable_refunded_at",
        "R3": "order_not_found",
        "R4": "refund_currency_differs",
        "R5": "negative_refund_amount",
        "R6": "missing_refund_amount",
        "R7": "after_as_of_date",
        "R8": "undated_refund",
        "R9": "missing_currency",
        "order_id=2": "missing_refund_id",
        "R10": "missing_exchange_rate",
        "R11": "date_out_of_range",
    }


def test_warnings(shop):
    """Orders without lines, or with others than the header says, are marked."""
    assert shop.rows(
        "select order_id, warning_code from fct_orders where order_id in "
        "('1', '2', '3', '4') order by 1"
    ) == [
        ("1", "lines_differ"),  # 10.00 against 10.01
        ("2", None),
        ("3", "lines_differ"),
        ("4", "no_lines"),
    ]


def test_nothing_is_lost(shop):
    """Rows of all files = accepted + superseded + rejected, also in money."""
    assert shop.rows(
        "select entity, raw_rows, accepted_rows, superseded_rows, rejected_rows "
        "from source_reconciliation "
        "where difference_rows = 0 and difference_amount = 0 order by entity"
    ) == [
        ("customers", 2, 1, 0, 1),
        ("order_items", 17, 4, 0, 13),
        ("orders", 12 + len(BAD_ORDERS), 8, 4, len(BAD_ORDERS)),
        ("refunds", 12, 1, 0, 11),
    ]
    assert rejected(shop, "customers") == [("", "missing_customer_id")]
    assert "notes.docx is none of its entities" in shop.errors


# -- files --


def test_a_missing_file(attempt, tmp_path):
    """A path that is not there is named."""
    path = tmp_path / "none.csv"
    found = attempt("--connector", "standard", "--data", path)
    assert found.code == 1
    assert found.errors.splitlines()[-1] == (
        f"build: {path}: no such file or folder; check --data"
    )


BAD_FILES = {
    "empty file": (b"", [], "orders.csv: the file is empty"),
    "missing column": (
        b"order_id,customer_id,ordered_at\n1,A,2024-01-01\n",
        [],
        "orders.csv: no column status, currency, gross_amount",
    ),
    "nobody in it": (
        b"order_id,ordered_at,status,currency,gross_amount\n",
        [],
        "orders.csv: no column customer_id, email or phone",
    ),
    "wrong connector": (SHOPIFY, [], "say --connector shopify"),
    "wrong delimiter": (
        f"{HEADER}\n{ROW}\n".encode(),
        ["--delimiter", ";"],
        "orders.csv: no column",
    ),
    "text after the quoted field": (
        f'{HEADER}\n"1"2{ROW[1:]}\n'.encode(),
        [],
        "orders.csv: line 2 has text after a closing quote",
    ),
    "cut in a quoted field": (
        (f"{HEADER}\n" + f"{ROW}\n" * 50_000 + '2,"C').encode(),
        [],
        "orders.csv: a quoted field that starts on line 50002 never ends",
    ),
    "cut in a row": (
        f"{HEADER}\n{ROW}\n2,C".encode(),
        [],
        "orders.csv: line 3 has 2 fields, the header 6 (cut off?)",
    ),
    "cut in a character": (
        f"{HEADER}\n{ROW}\n2,客".encode()[:-1],
        [],
        "orders.csv: cut off in the middle of a character on line 3",
    ),
    "GB18030 or cp1252": (
        f"{HEADER}\n{ROW.replace('C1', '客户')}\n".encode("gb18030"),
        [],
        "orders.csv: line 2 can not be read as utf-8",
    ),
    "wrong encoding": (
        f"{HEADER}\n{ROW.replace('C1', '客户')}\n".encode("gb18030"),
        ["--encoding", "utf-8"],
        "orders.csv: line 2 can not be read as utf-8",
    ),
    "unknown encoding": (
        f"{HEADER}\n{ROW}\n".encode(),
        ["--encoding", "klingon"],
        "there is no encoding 'klingon'",
    ),
    "workbook": (b"PK\3\4 and so on", [], "orders.csv: a workbook or zip archive"),
    "damaged gzip": (
        gzip.compress(f"{HEADER}\n{ROW}\n".encode())[:-9],
        [],
        "orders.csv: the compressed file is damaged or cut off",
    ),
    "damaged Parquet": (b"PAR1 and no more", [], "orders.csv: can not be read"),
    "NUL bytes in the header": (
        f"{HEADER}\n{ROW}\n".encode("utf-16-le"),
        [],
        "orders.csv: NUL bytes in the header",
    ),
    "the same column twice": (
        f"{HEADER},Currency\n{ROW},CNY\n".encode(),
        [],
        "orders.csv: column currency stands more than once",
    ),
    "own column that is no name": (
        f'{HEADER},"x_a; drop table b"\n{ROW},1\n'.encode(),
        [],
        "orders.csv: column 'x_a; drop table b'",
    ),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_one_line(attempt, tmp_path, case):
    """The error is one line that names the file and comes before dbt does anything."""
    content, options, message = BAD_FILES[case]
    (tmp_path / "orders.csv").write_bytes(content)
    found = attempt("--connector", "standard", "--data", tmp_path, *options)
    assert found.code == 1
    lines = found.errors.splitlines()
    assert lines[0] == "load ..." and len(lines) == 2, found.errors
    assert lines[1].startswith("build: ") and message in lines[1]
    assert found.output == ""
    assert not found.published.exists()


def test_the_encoding_can_be_said(attempt, tmp_path):
    """With --encoding the file that could be two is read; the next step complains."""
    row = ROW.replace("C1", "客户").replace("CNY", "USD")
    text = f"{HEADER}\n{ROW}\n{row}\n"
    (tmp_path / "orders.csv").write_bytes(text.encode("gb18030"))
    options = ["--connector", "standard", "--data", tmp_path, "--encoding", "gb18030"]
    found = attempt(*options)
    assert "  standard orders: 2 rows" in found.errors
    assert "the orders are in CNY, USD" in found.errors


# -- options --


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--as-of", "2024-02-30"], "'2024-02-30' is not a day such as 2024-05-31"),
        (["--as-of", "soon"], "'soon' is not a day"),
        (["--time-zone", "Mars/Base"], "'Mars/Base' is not a name such as"),
        (["--currency", "yuan"], "'yuan' is not a code such as CNY"),
        (["--vars", "{as_of"], "no JSON"),
        (["--vars", "[1]"], "not a JSON object"),
        (["--vars", '{"as_of": "2024-05-31"}'], "there is no var 'as_of'; there are"),
        (["--published", "marts.duckdb"], "marts.duckdb would be taken for a schema"),
        (["--data", "x.csv"], "give one --data for each --connector"),
        (["--connector", "standard"], "give one --data for each --connector"),
        (["--fast"], "unrecognized arguments: --fast"),
    ],
)
def test_a_bad_option_is_one_line(attempt, options, message):
    """Options are checked first; the last line says what is wrong with which."""
    found = attempt(*options)
    assert found.code == 2
    last = found.errors.splitlines()[-1]
    assert "error: " in last and message in last


def test_a_bad_var_is_no_traceback(attempt, tmp_path):
    """A var that cannot be used stops dbt; the line names it and its value."""
    (tmp_path / "orders.csv").write_text(f"{HEADER}\n{ROW}\n")
    given = ["--vars", '{"time_zone": "Mars"}']
    found = attempt("--connector", "standard", "--data", tmp_path, *given)
    assert found.code == 1
    assert "Traceback" not in found.errors + found.output
    assert found.errors.splitlines()[-1] == (
        'build: var time_zone is "Mars"; it must be a name such as Asia/Shanghai'
    )
    assert not found.published.exists()


def test_an_unknown_connector(attempt, tmp_path):
    """The error lists the connectors there are."""
    found = attempt("--connector", "etsy", "--data", tmp_path)
    assert found.code == 1
    assert found.errors.splitlines()[-1] == (
        "build: there is no connector 'etsy'; choose one of cdnow, online_retail, "
        "shopify, standard"
    )
