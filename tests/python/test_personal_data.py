"""E-mails, phones, names and addresses stay in staging, and so does the secret of their
hashes; without one of his own nobody's data are built."""

import csv
import hashlib
import json
import os
import re
from pathlib import Path

import duckdb
import export
import pytest
from conftest import DEMO, FIXTURES, ROOT, Build, write_shop
from dbt.cli.main import dbtRunner

SECRET = 'wax \\ "seal" it\'s 50 %'

# Of one person each, and everything that is personal in the shop below.
EMAILS = ["Vera.Winter@Privat.example", "wei+tea@mail.example", "o'brien@mail.example"]
PHONES = ["+86 139 5550 0142", "(0171) 555-0188", "13955501234"]
NAMES = ["Vera Winterfeld-Ost", "欧阳雪梅", "Seán O'Brien"]
ADDRESSES = ["Fuchsienweg 17, 01069 Dresden", "南京西路1788号", "12 Privet Close"]
NOTE = "write to noted@mail.example"

ORDER = {
    "ordered_at": "2024-03-01",
    "status": "paid",
    "currency": "CNY",
    "gross_amount": "50",
    "receiver_name": NAMES[0],
    "shipping_address": ADDRESSES[0],
    "name": NAMES[1],
    "x_note": "none",
}
ORDERS = [
    # in their own columns
    {"email": EMAILS[0], "phone": PHONES[0], "customer_id": "K-1"},
    {"email": f" {EMAILS[0].upper()} ", "phone": PHONES[1], "customer_id": "K-2"},
    {"email": EMAILS[1], "name": NAMES[2], "shipping_address": ADDRESSES[1]},
    {"phone": PHONES[2], "x_note": NOTE},
    # in columns of each other
    {"email": PHONES[0], "phone": EMAILS[0]},
    {"email": NAMES[0], "phone": ADDRESSES[0]},
    # in columns that go to the marts
    {"customer_id": EMAILS[0]},
    {"customer_id": EMAILS[0].lower()},
    {"customer_id": f'="{EMAILS[2]}"'},
    {"customer_id": "K-3", "country": EMAILS[1], "channel": PHONES[0]},
    {"customer_id": "K-3", "coupon_code": f"FOR {EMAILS[2]}"},
    # in rows that are rejected
    {"email": EMAILS[0], "phone": PHONES[2], "ordered_at": "soon"},
    {"email": EMAILS[1], "status": EMAILS[1]},
    {"customer_id": EMAILS[2], "status": f"call {PHONES[0]} or {EMAILS[0]}"},
    {"ordered_at": EMAILS[2], "gross_amount": PHONES[0]},
    {"currency": PHONES[0]},
    {"order_id": "", "email": EMAILS[2], "customer_id": EMAILS[1]},
]
CUSTOMERS = [
    {"customer_id": "K-1", "email": EMAILS[1], "phone": PHONES[0], "country": "CN"},
    {"customer_id": EMAILS[0], "email": EMAILS[0], "country": EMAILS[0]},
    {"customer_id": "", "email": EMAILS[2], "phone": PHONES[1], "country": EMAILS[2]},
]
PRODUCT = {"product_id": "P", "product_name": EMAILS[0], "category": EMAILS[1]}
ITEMS = [
    {"order_id": "1", "product_name": f"Card for {EMAILS[1]}"},
    {"order_id": "none", "product_name": f"{EMAILS[0]};{EMAILS[2]}"},
]
REFUNDS = [
    {"refund_id": "R1", "customer_id": EMAILS[0]},
    {"refund_id": "R2", "customer_id": EMAILS[1], "refunded_at": EMAILS[1]},
]
RETAIL = f"""
Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country,Email,Name
1,A1,Card for {EMAILS[0]},1,2010-12-01 08:26,2.50,{EMAILS[1]},{PHONES[0]},x@y.example,x
2,A1,Card,-1,2010-12-02 08:26,2.50,{EMAILS[2]},{EMAILS[2]},{EMAILS[0]},{NAMES[0]}
"""
CDNOW = f"""
customer_id date number_of_cds dollar_value
{EMAILS[0]} 19970101 1 11.77
{EMAILS[1]} 19971301 1 {EMAILS[2]}
"""


def standard(folder: Path) -> Path:
    """The files of connector standard."""
    orders = [
        ORDER | {"order_id": str(number)} | row for number, row in enumerate(ORDERS)
    ]
    line = {"product_id": "P", "quantity": "1", "unit_price": "50"}
    refund = {"refunded_at": "2024-03-05", "currency": "CNY", "refund_amount": "5"}
    return write_shop(
        folder,
        orders=orders,
        customers=CUSTOMERS,
        order_items=[line | row for row in ITEMS],
        refunds=[refund | row for row in REFUNDS],
        products=[
            {"product_id": "P", "product_name": EMAILS[0], "category": EMAILS[1]}
        ],
    )


@pytest.fixture(scope="module")
def everything(build_once, tmp_path_factory) -> Build:
    """Every connector at once, with personal data wherever somebody may put them."""
    folder = tmp_path_factory.mktemp("personal")
    (folder / "cdnow.txt").write_text(CDNOW.lstrip())
    (folder / "retail.csv").write_text(RETAIL.lstrip())
    inputs = {
        "standard": standard(folder / "standard"),
        "shopify": FIXTURES / "shopify",
        "online_retail": folder / "retail.csv",
        "cdnow": folder / "cdnow.txt",
    }
    given = [
        a for name, at in inputs.items() for a in ("--connector", name, "--data", at)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPURCHASE_IDENTITY_SECRET", SECRET)
        return build_once("personal", *given, "--currency", "CNY", "--report")


def shopify_values() -> list[str]:
    """What the fixture has in columns about a person; a country is none."""
    of_person = re.compile("Email|.*(Phone|Street|Address[12]|Notes)|.+ing Name")
    values = set()
    for path in (FIXTURES / "shopify").glob("*.csv"):
        with open(path, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                values |= {row[name] for name in row if of_person.fullmatch(name)}
    assert len(values) > 15
    return sorted(values - {""})


def demo_values() -> list[str]:
    values = set()
    for entity in ("orders", "customers"):
        with open(DEMO / f"demo_{entity}.csv", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                values |= {row["email"], row["phone"]}
    assert len(values) > 2000
    return sorted(values - {""})


class Values:
    """Personal values to look for in texts, whatever their letter case; of phones the
    digits alone."""

    def __init__(self, values: list[str]):
        digits = {re.sub("[^0-9]", "", value) for value in values}
        self.digits = {number for number in digits if len(number) >= 9}
        self.texts = {value.strip(" '").lower() for value in values}
        self.emails = {text for text in self.texts if "@" in text}
        self.others = self.texts - self.emails

    def within(self, text: str) -> set[str]:
        """Those found in a text."""
        low, numbers = text.lower(), re.sub("[^0-9]", "", text)
        found = set()
        if "@" in low:
            found |= {email for email in self.emails if email in low}
        for length in {len(number) for number in self.digits}:
            parts = {numbers[i : i + length] for i in range(len(numbers) - length + 1)}
            found |= parts & self.digits
        if len(self.others) < 100:
            found |= {other for other in self.others if other in low}
        else:
            found |= {low} & self.others
        return found


def leaks(database: Path, values: Values, schema: str = "marts") -> dict[str, set]:
    """By table and column of a schema, the values found in it."""
    found = {}
    with duckdb.connect(str(database), read_only=True) as con:
        columns = con.execute(
            "select table_name, column_name from duckdb_columns() "
            "where schema_name = ? and not internal "
            "and data_type not in ('BOOLEAN', 'DATE', 'DOUBLE', 'TIMESTAMP')",
            [schema],
        ).fetchall()
        for table, column in columns:
            cells = con.execute(
                f'select distinct "{column}"::varchar from {schema}."{table}"'
            ).fetchall()
            inside = [values.within(cell) for (cell,) in cells if cell is not None]
            if seen := set().union(*inside):
                found[f"{table}.{column}"] = seen
    return found


@pytest.fixture(scope="module")
def values() -> Values:
    return Values([*EMAILS, *PHONES, *NAMES, *ADDRESSES, *shopify_values()])


def test_the_values_are_found_where_they_are(everything, values):
    """Every e-mail and phone of the files is found in the raw tables."""
    found = set()
    for connector in ("standard", "shopify", "online_retail", "cdnow"):
        seen = leaks(everything.database, values, f"raw_{connector}")
        assert seen, connector
        found = found.union(*seen.values())
    assert found >= {value.lower() for value in EMAILS}
    assert found >= {re.sub("[^0-9]", "", value) for value in PHONES}


def test_no_mart_has_a_personal_value(everything, values):
    """No column of a mart or of the history, of accepted and of rejected rows."""
    assert leaks(everything.published, values) == {}
    rejected = everything.row("select count(distinct reason_code) from rejected_rows")
    assert rejected[0] >= 8


def test_no_model_after_staging_has_one(everything, values):
    """What could be handed on by a later model holds none either."""
    assert leaks(everything.database, values, "intermediate") == {}


def test_no_demo_customer_is_in_the_marts(demo):
    assert leaks(demo.published, Values(demo_values())) == {}


def dbt_files(variable: str) -> list[Path]:
    """What dbt wrote to one of its folders."""
    return [path for path in Path(os.environ[variable]).rglob("*") if path.is_file()]


def test_no_file_or_line_has_a_personal_value(everything, values, tmp_path):
    """Report, logs, what was printed, and exports in text."""
    folder = everything.published.parent
    texts = [everything.output, everything.errors]
    texts += [
        (folder / name).read_text("utf-8")
        for name in os.listdir(folder)
        if name.endswith((".html", ".runs"))
    ]
    texts += [log.read_text("utf-8") for log in dbt_files("DBT_LOG_PATH")]
    for mart in ("fct_orders", "fct_customers", "rejected_rows", "dim_products"):
        file = tmp_path / f"{mart}.csv"
        published = ["--published", str(everything.published)]
        assert export.main([mart, str(file), *published]) == 0
        texts.append(file.read_text("utf-8"))
    assert len(texts) >= 8
    for text in texts:
        lines = [values.within(line) for line in re.split("[\n,]", text)]
        assert set().union(*lines) == set()


def test_x_columns_pass_untouched(everything):
    """They are the shop's own to answer for, and go to one mart."""
    seen = leaks(everything.published, Values(["noted@mail.example"]))
    assert seen == {"fct_orders.x_note": {"noted@mail.example"}}


def hashed(text: str) -> str:
    return hashlib.sha256(f"{SECRET}:{text}".encode()).hexdigest()


def test_an_email_as_customer_id_becomes_its_hash(everything):
    """Whatever its letter case and quotes it is one customer, and no e-mail."""
    with duckdb.connect(str(everything.database), read_only=True) as con:
        found = con.execute(
            "select connector, customer_id, count(*) "
            "from intermediate.int_orders_checked "
            "where length(customer_id) > 10 group by all order by all"
        ).fetchall()
    assert found == sorted(
        [
            ("cdnow", hashed(EMAILS[0].lower()), 1),
            ("online_retail", hashed(EMAILS[1]), 1),
            ("standard", hashed(EMAILS[0].lower()), 2),
            ("standard", hashed(EMAILS[1]), 1),
            ("standard", hashed(EMAILS[2]), 2),
        ]
    )


def test_an_email_in_a_text_is_masked(everything):
    """The rest of the text stays; so do reasons, with what else was in the row."""
    texts = "country, channel, coupon_code"
    assert everything.rows(
        f"select {texts} from fct_orders where customer_id = 'K-3' order by 1"
    ) == [("***", "***", None), (None, None, "FOR ***")]
    ((raw,),) = everything.rows(
        "select raw_values from rejected_rows where raw_values like '%status=call%'"
    )
    assert "status=call *** or ***" in raw and "customer_id=***" in raw


def test_the_secret_is_in_one_table(everything):
    """No other table, view or file that the build leaves has it."""
    with duckdb.connect(str(everything.database), read_only=True) as con:
        kept = con.execute("from intermediate.identity_secret").fetchall()
        written = con.execute("select sql from duckdb_views()").fetchall()
    assert kept == [(SECRET,)]
    escaped = json.dumps(SECRET)[1:-1]
    texts = [sql or "" for (sql,) in written]
    for path in dbt_files("DBT_TARGET_PATH") + dbt_files("DBT_LOG_PATH"):
        texts.append(path.read_bytes().decode("utf-8", "replace"))
    texts += [everything.output, everything.errors]
    texts.append(everything.published.read_bytes().decode("utf-8", "replace"))
    assert len(texts) > 100
    doubled = SECRET.replace("'", "''")
    assert not [t[:80] for t in texts if SECRET in t or escaped in t or doubled in t]


# -- without a secret --

COLUMNS = "order_id,customer_id,ordered_at,status,currency,gross_amount"
NEEDED = (
    "build: REPURCHASE_IDENTITY_SECRET is not set and has to key the hashes of e-mails "
    "and phones, which {} hold: set it to a long text of your own and keep it"
)


@pytest.fixture(params=[None, ""])
def no_secret(request, monkeypatch):
    """Not set, or set to nothing."""
    if request.param is None:
        monkeypatch.delenv("REPURCHASE_IDENTITY_SECRET")
    else:
        monkeypatch.setenv("REPURCHASE_IDENTITY_SECRET", request.param)


@pytest.mark.parametrize(
    ("more", "row", "entities"),
    [
        ("email", "c,2024-01-01,paid,CNY,1,a@b.example", "standard orders"),
        ("phone", "c,2024-01-01,paid,CNY,1,139 1234 5678", "standard orders"),
        ("x_note", "a@b.example,2024-01-01,paid,CNY,1,", "standard orders"),
    ],
)
def test_own_data_need_a_secret(no_secret, attempt, tmp_path, more, row, entities):
    """One line, before anything is built; readers and the build file have nothing."""
    shop = write_shop(tmp_path / "shop", orders=f"{COLUMNS},{more}\n1,{row}")
    found = attempt("--connector", "standard", "--data", shop)
    assert found.code == 1
    assert found.errors.splitlines()[-1] == NEEDED.format(entities)
    assert not found.published.exists()
    with duckdb.connect(str(found.database)) as con:
        built = con.execute(
            "select table_name from duckdb_tables() where schema_name not like 'raw_%' "
            "union all select view_name from duckdb_views() where not internal"
        ).fetchall()
    assert built == [("identity_secret",)]


def test_data_without_contacts_need_none(monkeypatch, models, tmp_path):
    """No e-mail and no phone that would be hashed: nothing is said."""
    monkeypatch.delenv("REPURCHASE_IDENTITY_SECRET")
    row = "1,c,2024-01-01,paid,CNY,1,none,12345"
    shop = write_shop(tmp_path, orders=f"{COLUMNS},email,phone\n{row}")
    some = models()
    some.load("standard", shop)
    some.run("stg_standard__orders")


def test_the_demo_says_that_it_uses_its_own(monkeypatch, capsys, tmp_path):
    """In one line, whoever runs dbt."""
    monkeypatch.delenv("REPURCHASE_IDENTITY_SECRET")
    monkeypatch.setenv("REPURCHASE_BUILD_DATABASE", str(tmp_path / "demo.duckdb"))
    folders = ["--project-dir", str(ROOT), "--profiles-dir", str(ROOT)]
    assert dbtRunner().invoke(["seed", "--select", "holidays", *folders]).success
    said = "phones of the demo are hashed with demo-secret"
    assert capsys.readouterr().out.count(said) == 1
