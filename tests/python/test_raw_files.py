"""Raw files: what is certain is read exactly, everything else is one clear line."""

import csv
import gzip
import os
import sys
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
sys.path.insert(0, str(ROOT / "scripts"))

import raw_files  # noqa: E402

HEADER = "order_id,customer_id,ordered_at,status,currency,gross_amount"
ROW = "1,C1,2024-01-01,paid,CNY,12.50"
RETAIL = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"


def write(folder: Path, content, name="orders.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path, select, connector="standard", **options) -> list[tuple]:
    """Load what is at a path and return columns of the connector's main entity."""
    con = duckdb.connect()
    files = raw_files.discover(connector, path, **options)
    loaded = raw_files.load(con, connector, files)
    entity = next(iter(loaded))
    rows = con.execute(f"select {select} from raw_{connector}.{entity}").fetchall()
    assert len(rows) == loaded[entity]
    return rows


def error(path, connector="standard", **options) -> str:
    """The one-line message with which reading a path ends."""
    with pytest.raises(raw_files.InputError) as caught:
        read(path, "*", connector, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


# -- which files, which connector --


def test_missing_file(tmp_path):
    path = tmp_path / "none.csv"
    assert error(path) == f"{path}: no such file or folder; check --data"


def test_unknown_connector(tmp_path):
    assert error(tmp_path, "etsy") == (
        "there is no connector 'etsy'; choose one of cdnow, online_retail, shopify, "
        "standard"
    )


def test_folder_without_orders(tmp_path):
    write(tmp_path, "a\n", "readme.md")
    write(tmp_path, f"{HEADER}\n", "preorders.csv")
    assert error(tmp_path) == (
        f"{tmp_path}: no file orders*.csv or orders*.parquet for connector standard in "
        "this folder, which holds preorders.csv, readme.md; check --data"
    )
    assert "no file *.csv or *.parquet" in error(tmp_path / "..", "cdnow")


def test_files_of_a_folder_are_matched_by_name(tmp_path):
    write(tmp_path, f"{HEADER}\n{ROW}\n", "demo_orders_2024.csv")
    write(tmp_path, f"{HEADER}\n{ROW}\n{ROW}\n", "Orders-2023.CSV")
    items = "order_id,product_id,quantity,unit_price\n1,P,1,2\n"
    write(tmp_path, items, "demo_order_items.csv")
    write(tmp_path, "product_id\tproduct_name\nP\tTea\n", "products.tsv")
    write(tmp_path, gzip.compress(b"customer_id|email\nC1|a@b\n"), "customers.csv.gz")
    write(tmp_path, "refund_id;refund_amount\nR;1\n", "demo_refunds.txt")
    write(tmp_path, "?", "notes.csv")
    files = raw_files.discover("standard", tmp_path)
    assert files.ignored == ["notes.csv"]
    assert [(f.name, f.entity, f.delimiter) for f in files] == [
        ("Orders-2023.CSV", "orders", ","),
        ("customers.csv.gz", "customers", "|"),
        ("demo_order_items.csv", "order_items", ","),
        ("demo_orders_2024.csv", "orders", ","),
        ("demo_refunds.txt", "refunds", ";"),
        ("products.tsv", "products", "\t"),
    ]
    con = duckdb.connect()
    con.execute("create schema raw_standard")
    assert raw_files.load(con, "standard", files) == {
        "orders": 3,
        "order_items": 1,
        "products": 1,
        "customers": 1,
        "refunds": 1,
    }
    query = "select customer_id, email, phone, source_file from raw_standard.customers"
    assert con.execute(query).fetchall() == [("C1", "a@b", None, "customers.csv.gz")]
    write(tmp_path / "", f"{HEADER}\n", "orders.csv")
    one = raw_files.discover("standard", tmp_path / "orders.csv")
    assert raw_files.load(con, "standard", one) == {"orders": 0}
    tables = "select table_name from duckdb_tables() where schema_name = 'raw_standard'"
    assert con.execute(tables).fetchall() == [("loaded_files",), ("orders",)]


@pytest.mark.parametrize("name", ["orders[1].csv", "orders*.csv", "orders'\"; --.csv"])
def test_file_names_are_names_not_patterns_or_sql(tmp_path, name):
    write(tmp_path, f"{HEADER}\nother,C1,2024-01-01,paid,CNY,1\n", "orders1.csv")
    path = write(tmp_path, f"{HEADER}\n{ROW}\n", name)
    assert read(path, "order_id, source_file") == [("1", name)]


def test_folder_names_do_not_become_columns(tmp_path):
    folder = tmp_path / "currency=EUR"
    folder.mkdir()
    path = write(folder, f"{HEADER}\n{ROW}\n")
    assert read(path, "currency") == [("CNY",)]


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_file_of_another_connector(tmp_path, delimiter):
    path = write(tmp_path, RETAIL.replace(",", delimiter) + "\n")
    hint = "this is a file of connector online_retail: say --connector online_retail"
    missing = "no column order_id, ordered_at, status, currency, gross_amount"
    assert error(path) == f"orders.csv: {missing}; {hint}"
    assert error(tmp_path, "shopify").endswith(hint)
    path = write(tmp_path, f"{HEADER}\n".replace(",", delimiter))
    assert error(path, "online_retail") == (
        "orders.csv: no column InvoiceNo or Invoice, StockCode, Quantity, InvoiceDate, "
        "UnitPrice or Price, CustomerID or Customer ID; this is a file of connector "
        "standard: say --connector standard"
    )


def test_missing_required_column(tmp_path):
    path = write(tmp_path, "order_id,customer_id,ordered_at,status,total\n1,2,3,4,5\n")
    assert error(path) == (
        "orders.csv: no column currency, gross_amount; the header reads 'order_id, "
        "customer_id, ordered_at, status, total': rename or add the column, or say "
        "another --connector"
    )


def test_orders_without_anybody(tmp_path):
    path = write(tmp_path, f"{HEADER}\n{ROW}\n".replace("customer_id", "buyer"))
    assert error(path) == (
        "orders.csv: no column customer_id, email or phone, so repurchase by customer "
        "can not be computed from it; add one of them to the export"
    )


def test_column_twice(tmp_path):
    path = write(tmp_path, f"{HEADER},Status\n{ROW},paid\n")
    assert error(path) == (
        "orders.csv: column status stands more than once in the header "
        "(status, Status); keep one of them"
    )
    path = write(tmp_path, f"{RETAIL},InvoiceNo\n")
    assert "column Invoice stands more than once" in error(path, "online_retail")


def test_headers_are_matched_without_case_blanks_and_order(tmp_path):
    header = " Gross_Amount ,STATUS,order_id, currency,Ordered_At,Email,X_Store,ignored"
    path = write(tmp_path, f"{header}\n9,paid,1,CNY,2024-01-01,a@b,North,no\n")
    columns = "order_id, gross_amount, email, customer_id, x_store"
    assert read(path, columns) == [("1", "9", "a@b", None, "North")]
    [file] = raw_files.discover("standard", path)
    assert file.columns["gross_amount"] == " Gross_Amount "
    assert file.columns["phone"] is None
    assert file.x_columns == ["X_Store"]


def test_x_columns_of_some_files(tmp_path):
    write(tmp_path, f"{HEADER},X_a_2 \n{ROW},7\n", "orders_1.csv")
    write(tmp_path, f"{HEADER}\n{ROW}\n", "orders_2.csv")
    rows = read(tmp_path, "x_a_2, source_file")
    assert rows == [("7", "orders_1.csv"), (None, "orders_2.csv")]


def test_x_columns_have_plain_names(tmp_path):
    path = write(tmp_path, f'{HEADER},"x_a ""b"" c"\n{ROW},7\n')
    assert error(path) == (
        "orders.csv: column 'x_a \"b\" c' is passed through, so its name may hold a to "
        "z, digits and _ only; rename it"
    )


# -- empty, damaged and malformed files --


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\r\n \n"])
def test_empty_file(tmp_path, content):
    path = write(tmp_path, content)
    assert error(path) == "orders.csv: the file is empty; export it again"


def test_header_only(tmp_path):
    assert read(write(tmp_path, HEADER), "*") == []
    assert read(write(tmp_path, HEADER + "\r\n"), "*") == []


def test_not_a_text_file(tmp_path):
    path = write(tmp_path, b"PK\x03\x04\x14\x00")
    assert error(path) == (
        "orders.csv: a workbook or zip archive, not text; save it as CSV"
    )
    path = write(tmp_path, HEADER.encode("utf-16-le"))
    assert error(path) == (
        "orders.csv: NUL bytes in the header; not a text file, or UTF-16 without a "
        "mark: say --encoding utf-16-le"
    )
    path = write(tmp_path, gzip.compress(f"{HEADER}\n{ROW}\n".encode() * 99)[:60])
    assert error(path) == (
        "orders.csv: the compressed file is damaged or cut off; get it again"
    )


@pytest.mark.parametrize("rows", [1, 50_000])
def test_cut_off_in_a_quoted_field(tmp_path, rows):
    line = '{},C1,2024-01-01,paid,CNY,12.50,"a ""quoted"" note"\n'
    text = HEADER + ",note\n" + "".join(line.format(i) for i in range(rows))
    path = write(tmp_path, text[:-10])
    assert error(path) == (
        f"orders.csv: a quoted field that starts on line {rows + 1} never ends; the "
        "file is cut off there or a quote is missing: get it again"
    )


def test_missing_quote_early_in_a_large_file(tmp_path):
    text = f'{HEADER}\n2,"C2,2024-01-01,paid,CNY,1\n' + f"{ROW}\n" * 50_000
    assert error(write(tmp_path, text)) == (
        "orders.csv: a quoted field that starts on line 2 never ends; the file is cut "
        "off there or a quote is missing: get it again"
    )


@pytest.mark.parametrize(
    ("row", "fields", "cut"),
    [
        ("2,C2,2024-01-01,paid,CNY", 5, ""),
        ("2,C2,2024-01-01,paid,CNY,12,50", 7, ""),
        ("2,C2,2024-01-01,paid,CNY,12,", 7, ""),
        ("2,C2,2024", 3, " (cut off?)"),
    ],
)
def test_ragged_line(tmp_path, row, fields, cut):
    rest = "" if cut else f"\n{ROW}\n"
    text = f'{HEADER}\n1,"C\n1",2024-01-01,paid,CNY,12.50\n{row}{rest}'
    assert error(write(tmp_path, text)) == (
        f"orders.csv: line 4 has {fields} fields, the header 6{cut}; put quotes around "
        "texts that hold ',' or get the file again"
    )


def test_text_after_a_quote(tmp_path):
    path = write(tmp_path, f'{HEADER}\n1,"12" pipe",2024-01-01,paid,CNY,1\n')
    assert error(path) == (
        "orders.csv: line 2 has text after a closing quote; a quote inside a quoted "
        "field is written twice"
    )


def test_wrong_delimiter(tmp_path):
    path = write(tmp_path, f"{HEADER}\n{ROW}\n".replace(",", ";"))
    assert read(path, "order_id, gross_amount") == [("1", "12.50")]
    assert read(path, "order_id", delimiter=";") == [("1",)]
    assert error(path, delimiter="tab") == (
        "orders.csv: no column order_id, ordered_at, status, currency, gross_amount; "
        "its delimiter is ';': leave out --delimiter"
    )
    assert error(path, delimiter=";;") == (
        "';;' can not be a delimiter; give one character"
    )
    path = write(tmp_path, f"{HEADER}\n{ROW}\n".replace(",", "~"))
    assert "the header reads 'order_id~customer_id~" in error(path)
    assert read(path, "order_id", delimiter="~") == [("1",)]


# -- encodings --


def retail(name: str) -> str:
    return f"{RETAIL}\n1,A,{name},1,2011-01-01,1,17,UK\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_certain_encodings(tmp_path, encoding):
    names = "张三 😀 Müller"
    path = write(tmp_path, f"{HEADER}\n{ROW}\n".replace("C1", names).encode(encoding))
    assert read(path, "order_id, customer_id") == [("1", names)]
    gzipped = write(tmp_path, gzip.compress(path.read_bytes()), "orders.csv.gz")
    assert read(gzipped, "order_id, customer_id") == [("1", names)]


def test_cp1252(tmp_path):
    path = write(tmp_path, f"{HEADER}\n{ROW}\n".replace("C1", "José").encode("cp1252"))
    assert read(path, "customer_id") == [("José",)]  # an é before a comma is no GB18030
    path = write(tmp_path, retail("Müller £5").encode("cp1252"))
    assert read(path, "description", "online_retail") == [("Müller £5",)]


def test_gb18030(tmp_path):
    text = f"{HEADER}\n{ROW}\n".replace("C1", "张三")
    path = write(tmp_path, text.encode("gb18030"))
    assert error(path) == (
        "orders.csv: line 2 can not be read as utf-8 and could be cp1252 or gb18030; "
        "say --encoding cp1252 (Western), gb18030 (Chinese) or another"
    )
    assert read(path, "customer_id", encoding="gb18030") == [("张三",)]
    path = write(tmp_path, text.replace("张三", "张三丂").encode("gb18030"))
    assert read(path, "customer_id") == [("张三丂",)]  # byte 0x81 is no cp1252


def test_wrong_encoding(tmp_path):
    path = write(tmp_path, f"{HEADER}\n{ROW}\n".replace("C1", "José").encode("cp1252"))
    assert error(path, encoding="utf-8") == (
        "orders.csv: line 2 can not be read as utf-8; get it again or say --encoding"
    )
    for name in ("utf-99", "hex"):
        assert error(path, encoding=name) == (
            f"there is no encoding '{name}'; try utf-8, gb18030 or cp1252"
        )
    path = write(tmp_path, f"{HEADER}\n1,张".encode()[:-1])
    assert error(path) == (
        "orders.csv: cut off in the middle of a character on line 2; get it again or "
        "say --encoding"
    )
    shop = (FIXTURES / "shopify" / "orders_export_2026_05.csv").read_text("utf-8")
    path = write(tmp_path, shop.replace("茶杯", "").encode("gb18030"))
    assert "line 2 can not be read as utf-8; say --encoding" in error(path, "shopify")


def test_nul_bytes_are_marked(tmp_path, capsys):
    path = write(tmp_path, f"{HEADER}\n{ROW}\n".replace("12.50", "12\0.5\0"))
    assert read(path, "order_id, gross_amount") == [("1", "12\ufffd.5\ufffd")]
    warning = "orders.csv: 2 NUL characters are read as U+FFFD\n"
    assert capsys.readouterr().err == warning


# -- values --


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_texts_survive_exactly(tmp_path, newline, encoding):
    texts = [
        f"quoted{newline}newline, \"comma\"; 'apostrophe'",
        "\n\n",
        "李娜 🍵👩‍👩‍👧",
        "'; drop table orders; --",
        '";"',
        '="0012"',
        "0012",
        "'0012",
        "13085.0",
        " both ends ",
        "\\N",
        "NULL",
        "1e5",
        "C1#2",
        "\ttab",
    ]
    path = tmp_path / "orders.csv"
    with open(path, "w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, "unix", lineterminator=newline)  # quotes everything
        writer.writerow(HEADER.split(","))
        writer.writerows([i, t, "d", "paid", "CNY", "1"] for i, t in enumerate(texts))
    got = read(path, "customer_id", encoding=encoding)
    assert got == [(text,) for text in texts]


def test_unquoted_texts_survive_exactly(tmp_path):
    texts = ['="0012"', "0012", "'0012", "\t13085.0", "a;b", 'C"1"', "1/2/2024", "$1.5"]
    rows = "".join(f"{text},C,d,paid,CNY,1\n" for text in texts)
    got = read(write(tmp_path, f"{HEADER}\n{rows}"), "order_id")
    assert got == [(text,) for text in texts]


def test_many_quoted_newlines(tmp_path):
    texts = ["", 'a\n"b",c\n', '中文😀, "x"\r\n' * 20, '\n"\n']
    path = tmp_path / "orders.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*HEADER.split(","), "x_note"])
        for i in range(20_000):
            writer.writerow([i, "C", "d", "paid", "CNY", "1", texts[i * i % 4 + i % 2]])
    got = read(path, "order_id, coalesce(x_note, '')")
    assert got == [(str(i), texts[i * i % 4 + i % 2]) for i in range(20_000)]


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\r\n{ROW}\n{ROW}\r\n",  # two systems' line ends in one file
        f"\n{HEADER}\n\n{ROW}\n\n\n{ROW}\n\n",  # blank lines
        f'{HEADER}\n1, "C1", "2024-01-01", "paid", "CNY", "12.50"\n{ROW}',
        '"' + HEADER.replace(",", '", "') + f'"\n{ROW}\n{ROW}',
    ],
)
def test_odd_files_are_read_whole(tmp_path, text):
    columns = "order_id, customer_id, status, gross_amount, email, source_file"
    row = ("1", "C1", "paid", "12.50", None, "orders.csv")
    assert read(write(tmp_path, text), columns) == [row, row]


def test_blank_before_an_empty_quoted_text_is_empty(tmp_path):
    path = write(tmp_path, f'{HEADER}\n1, "",2024-01-01,paid,CNY,1\n')
    assert read(path, "customer_id") == [(None,)]


@pytest.mark.parametrize(
    ("values", "mark"),
    [
        (["12,5", "1.240,00", "7"], ","),
        (["-1.240,00"], ","),
        (["1,240.00", "$0.5"], "."),
        (["£1,240", "1.240", "80995"], None),
        (["12,5", "12.5"], None),
        (["", "n/a", "1,24,0"], None),
    ],
)
def test_decimal_mark(tmp_path, values, mark):
    rows = "".join(f"1;C;3,5;paid;CNY;{value}\n" for value in values)
    path = write(tmp_path, HEADER.replace(",", ";") + "\n" + rows)
    assert raw_files.decimal_mark(raw_files.discover("standard", path)) == mark


# -- Parquet --


def parquet(path: Path, columns: str) -> Path:
    query = f"copy (select {columns}) to '{path}' (format parquet)"
    duckdb.connect().execute(query)
    return path


ORDER = "'1' order_id, date '2024-01-01' ordered_at, 'paid' status, 'CNY' currency"


def test_parquet_keeps_its_types(tmp_path):
    columns = f"{ORDER}, 12::bigint customer_id, 1.5::decimal(9, 2) Gross_Amount"
    path = parquet(tmp_path / "orders.parquet", columns + ", true x_gift")
    types = "typeof(customer_id), typeof(gross_amount), typeof(email), x_gift"
    assert read(path, types) == [("BIGINT", "DECIMAL(9,2)", "VARCHAR", True)]
    write(tmp_path, f"{HEADER}\n{ROW}\n")
    rows = read(tmp_path, "customer_id, ordered_at, gross_amount, x_gift")
    assert rows == [
        ("C1", "2024-01-01", "12.50", None),
        ("12", "2024-01-01", "1.50", "true"),
    ]


def test_parquet_files_of_different_types(tmp_path):
    for kind in ("bigint", "varchar"):
        columns = f"{ORDER}, 12::{kind} customer_id, 1.5 gross_amount"
        parquet(tmp_path / f"orders_{kind}.parquet", columns)
    assert read(tmp_path, "customer_id") == [("12",), ("12",)]


def test_unreadable_parquet(tmp_path):
    path = parquet(tmp_path / "orders.parquet", f"{ORDER}, 1 customer_id")
    assert "no column gross_amount" in error(path)
    write(tmp_path, path.read_bytes()[:200], "orders.parquet")
    assert error(path) == (
        "orders.parquet: can not be read (Invalid Input Error: No magic bytes found at "
        f"end of file '{path}'); get it again"
    )
    write(tmp_path, f"{HEADER}\n", "orders.parquet")
    assert error(path).startswith("orders.parquet: can not be read (")


# -- the connectors' own files --


def test_shopify():
    rows = read(
        FIXTURES / "shopify",
        "name, email, financial_status, fulfilled_at, lineitem_quantity, "
        "lineitem_name, lineitem_price, source_file",
        "shopify",
    )
    assert len(rows) == 21
    old, new = "orders_export_2026_05.csv", "orders_export_2026_06.csv"
    fulfilled, oolong = "2026-05-02 09:00:00 +0200", 'Oolong "Iron Goddess", 250 g'
    ana = ("#1001", "ana@example.com")
    assert rows[0] == (*ana, "paid", fulfilled, "1", "Gunpowder 100 g", "12.50", old)
    assert rows[1] == (*ana, None, None, "2", oolong, "18.00", old)
    assert [row[:7] for row in rows[9:12]] == [row[:7] for row in rows[:3]]
    peso = ("#1008", "jo@example.com", "paid", None, "3", "Mate 500 g", "19990", new)
    assert rows[15] == peso
    assert [row[1] for row in rows if row[0] in ("#1005", "#1009")] == [None] * 3


def test_online_retail_two_overlapping_files():
    rows = read(
        FIXTURES / "online_retail_2", "invoice, customer_id, price", "online_retail"
    )
    assert len(rows) == 26
    assert rows.count(("536365", "17850.0", "2.55")) == 4
    assert rows[4] == ("489437", None, "3.75")


def test_online_retail_semicolon_comma_cp1252():
    folder = FIXTURES / "online_retail_2_semicolon"
    files = raw_files.discover("online_retail", folder)
    assert [(f.encoding, f.delimiter) for f in files] == [("cp1252", ";")]
    assert raw_files.decimal_mark(files) == ","
    rows = read(folder, "description, price", "online_retail")
    assert rows[3:5] == [("POSTAGE", "1.018,00"), ("CAFÉ CRÈME TIN; LARGE", "3,75")]
    assert rows[7][0] == "“SMASHED” £"


def test_cdnow(tmp_path):
    master = " customer_id  date number_of_cds  dollar_value\r\n"
    write(tmp_path, f"{master} 00001 19970101  1   11.77\r\n", "master.txt")
    write(tmp_path, " 00004 0001 19970101  2   29.33\r\n", "sample.txt")
    write(tmp_path, "cust,x\n", "summary.csv")
    assert read(tmp_path, "*", "cdnow") == [
        ("00001", None, "19970101", "1", "11.77", "master.txt"),
        ("00004", "0001", "19970101", "2", "29.33", "sample.txt"),
    ]
    assert error(tmp_path / "sample.txt").endswith(
        "connector cdnow: say --connector cdnow"
    )
    path = write(tmp_path, f"{master} 00001 19970101  1\r\n", "master.txt")
    assert error(path, "cdnow").startswith(
        "master.txt: line 2 has 3 fields, the header 4"
    )


def test_real_files():
    folder = os.environ.get("REAL_DATA_DIR")
    if not folder:
        pytest.skip("REAL_DATA_DIR is not set: the real order data are not here")
    invoices = Path(folder) / "online_retail"
    assert read(invoices, "count(*) over () n", "online_retail")[0] == (541_909,)
    for name, rows in (("master", 69_659), ("sample", 6_919)):
        path = Path(folder) / "cdnow" / f"CDNOW_{name}.txt"
        assert len(read(path, "customer_id", "cdnow")) == rows


def test_only_what_changed_is_read_again(tmp_path, monkeypatch):
    """By bytes and by how they are read; what is gone or was not loaded whole goes."""
    con, read = duckdb.connect(), []
    load_file = raw_files._load_file

    def noted(con, table, names, file):
        read.append(file.name)
        return load_file(con, table, names, file)

    monkeypatch.setattr(raw_files, "_load_file", noted)

    def load(**options) -> list[str]:
        read.clear()
        files = raw_files.discover("standard", tmp_path, **options)
        raw_files.load(con, "standard", files)
        rows = "select source_file from raw_standard.orders order by 1"
        assert [name for (name,) in con.execute(rows).fetchall()] == sorted(
            file.name for file in files for _ in range(file.rows)
        )
        return read

    for day in ("1", "2", "3"):
        write(
            tmp_path,
            f"{HEADER}\nO{day},C,2024-05-0{day},paid,CNY,1\n",
            f"orders_{day}.csv",
        )
    assert load() == ["orders_1.csv", "orders_2.csv", "orders_3.csv"]
    assert load() == []
    write(
        tmp_path,
        f"{HEADER}\nO2,C,2024-05-02,paid,CNY,2\nO4,C,2024-05-02,paid,CNY,2\n",
        "orders_2.csv",
    )
    (tmp_path / "orders_3.csv").unlink()
    assert load() == ["orders_2.csv"]
    assert load(encoding="cp1252") == ["orders_1.csv", "orders_2.csv"]
    con.execute("insert into raw_standard.orders (source_file) values ('orders_9.csv')")
    assert load(encoding="cp1252") == []
    con.execute(
        "delete from raw_standard.loaded_files where source_file like '%_1.csv'"
    )
    assert load(encoding="cp1252") == ["orders_1.csv"]
