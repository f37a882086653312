"""The independent recomputation, on cases small enough to work out by hand."""

import datetime
import functools
import random
import shutil
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import recompute  # noqa: E402
import verify  # noqa: E402
from recomputed import parts, rfm  # noqa: E402

DAY = datetime.date.fromisoformat
ORDERS = "order_id,customer_id,ordered_at,status,currency,gross_amount"
CNY = "CNY"


def evaluate(expression, text):
    return pl.DataFrame({"text": [text]}).select(expression(pl.col("text"))).item()


def recomputed(folder, changed=None, sample=1, **entities):
    """The marts recomputed from CSV texts, one per entity of connector standard."""
    for entity, text in entities.items():
        (folder / f"{entity}.csv").write_text(text.strip() + "\n", "utf-8")
    v = verify.load_vars(changed or {}, None)
    v["connectors"] = {"standard": {}}
    rows, has = verify.read_inputs([("standard", str(folder))], v, "secret")
    return recompute.recompute(rows, has, v, verify.load_rules(), sample)


@pytest.fixture
def marts(tmp_path):
    return functools.partial(recomputed, tmp_path)


def orders_of(*rows):
    """An orders CSV from `order_id customer_id date [status [gross]]` per row."""
    lines = [ORDERS]
    for row in rows:
        order, customer, day, *rest = row.split()
        status, gross = [*rest, *["completed", "100.00"][len(rest) :]]
        customer = "" if customer == "-" else customer
        lines.append(f"{order},{customer},{day},{status},{CNY},{gross}")
    return "\n".join(lines)


def column(frame, name, by):
    return frame.sort(by)[name].to_list()


# ---- reading ----


@pytest.mark.parametrize(
    ("text", "scale", "mark", "value"),
    [
        ("12", 2, ".", 1200),
        (" 1,240.00 ", 2, ".", 124000),
        ("$1,240.00", 2, ".", 124000),
        ("-$5.5", 2, ".", -550),
        ("￥-5", 2, ".", -500),
        ("+7", 3, ".", 7000),
        ("0.005", 2, ".", 1),
        ("-0.005", 2, ".", -1),
        ("0.00499999", 2, ".", 0),
        ("2.55555", 4, ".", 25556),
        ("1.240,00", 2, ",", 124000),
        ("12,5", 2, ",", 1250),
        ("80995", 3, ".", 80995000),
        ("999999999999.99", 2, ".", 99999999999999),
        ("1000000000000", 2, ".", None),
        ("1.240,00", 2, ".", None),
        ("1,24", 2, ".", None),
        ("1,2400", 2, ".", None),
        ("12.", 2, ".", None),
        (".5", 2, ".", None),
        ("1e3", 2, ".", None),
        ("$$5", 2, ".", None),
        ("5 EUR", 2, ".", None),
        ("1234567890123456", 2, ".", None),
        ("", 2, ".", None),
    ],
)
def test_numbers(text, scale, mark, value):
    assert evaluate(lambda t: verify.number(t, scale, mark), text) == value


@pytest.mark.parametrize(
    ("text", "zone", "settings", "at", "day"),
    [
        ("2024-05-01T09:30:00Z", "Asia/Shanghai", {}, "2024-05-01 09:30", "2024-05-01"),
        ("2024-05-01 23:30", "Asia/Shanghai", {}, "2024-05-01 23:30", "2024-05-02"),
        ("2024/5/1 08:00 +0800", "UTC", {}, "2024-05-01 00:00", "2024-05-01"),
        ("2024-05-01 08:00-03:30", "UTC", {}, "2024-05-01 11:30", "2024-05-01"),
        ("2024-05-01", "Asia/Shanghai", {}, "2024-04-30 16:00", "2024-05-01"),
        (
            "12/1/2010 8:26",
            "Europe/London",
            {"date_order": "mdy", "naive_time": "local"},
            "2010-12-01 08:26",
            "2010-12-01",
        ),
        (
            "1/7/2011 8:26",
            "Europe/London",
            {"date_order": "dmy", "naive_time": "local"},
            "2011-07-01 07:26",
            "2011-07-01",
        ),
        # skipped and repeated hours of daylight saving
        (
            "2011-03-27 01:30",
            "Europe/London",
            {"naive_time": "local"},
            "2011-03-27 01:30",
            "2011-03-27",
        ),
        (
            "2011-10-30 01:30",
            "Europe/London",
            {"naive_time": "local"},
            "2011-10-30 01:30",
            "2011-10-30",
        ),
        ("0001-01-01", "UTC", {}, "0001-01-01 00:00", "0001-01-01"),
        ("9999-12-31", "UTC", {}, "9999-12-31 00:00", "9999-12-31"),
        ("2024-04-31", "UTC", {}, None, None),
        ("2023-02-29 10:00", "UTC", {}, None, None),
        ("2024-05-01 24:00", "UTC", {}, None, None),
        ("2024-05-01 10:00:60", "UTC", {}, None, None),
        ("12/1/2010", "UTC", {}, None, None),
        ("2010-12-01", "UTC", {"date_order": "mdy"}, "2010-12-01 00:00", "2010-12-01"),
        ("yesterday", "UTC", {}, None, None),
    ],
)
def test_times(text, zone, settings, at, day):
    read = verify.read_time(pl.Series([text]), pl.Series([zone]), settings).row(0)
    expected = at and datetime.datetime.fromisoformat(at)
    assert read == (expected, day and DAY(day), expected and len(text) > 10)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (" 42 ", "42"),
        ('="0012"', "0012"),
        ("'0012", "0012"),
        ("13085.0", "13085"),
        ("\t7", "7"),
        ("a.0", "a.0"),
        ("aB;'c", "aB;'c"),
        ("  ", None),
        ("\u00a0C1\u3000", "C1"),
        ("\u3000", None),
        ("C1\u200b", "C1\u200b"),  # no white space of decision 1
    ],
)
def test_ids(text, value):
    assert evaluate(verify.clean_id, text) == value


def test_status_of_online_retail_lines():
    raw = pl.DataFrame(
        {
            "invoice": ["536365", "C536379", "c1", "A563185", "536414"],
            "price": ["2.55", "4", "0", "11", "0.00"],
            **dict.fromkeys(
                ["stock_code", "customer_id", "country", "description"], "x"
            ),
            **dict.fromkeys(["quantity", "invoice_date", "source_file"], "1"),
        }
    )
    assert verify.online_retail(raw, {})["status"].to_list() == [
        *("invoice", "cancellation", "cancellation", "adjustment", "unpriced"),
    ]


# ---- parts ----


def test_shares_add_up():
    lines = pl.DataFrame(
        {"order_key": [1, 1, 1, 2, 2], "total": [1000] * 3 + [-5] * 2}
    ).with_columns(weight=pl.Series([1, 1, 1, 0, 0]))
    # 10.00 in thirds: 3.33, 6.67, 10.00 reached; no weight: half each, away from zero
    shares = parts.share_out(lines, "share", "total", "weight")["share"].to_list()
    assert shares == [333, 334, 333, -3, -2]


@pytest.mark.parametrize(
    ("successes", "total", "low", "high"),
    # Newcombe (1998), table I, method 3
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson(successes, total, low, high):
    frame = pl.DataFrame({"s": [successes], "n": [total]})
    row = frame.select(parts.rate("s", "n", "rate", "ci")).row(0)
    assert row == pytest.approx((successes / total, low, high), abs=5e-5)


def test_rate_of_nobody_is_null():
    frame = pl.DataFrame({"s": [0], "n": [0]})
    assert frame.select(parts.rate("s", "n", "rate", "ci")).row(0) == (None,) * 3


def test_cut_points():
    assert rfm.cut_points(list(range(10, 0, -1))) == [2, 4, 6, 8]
    assert rfm.cut_points([1, 2, 3]) == [1, 2, 2, 3]
    assert rfm.cut_points([5]) == [5, 5, 5, 5]


def test_equal_values_get_equal_scores():
    frame = pl.DataFrame({"value": [7] * 10})
    scores = frame.select(rfm.score("value", rfm.cut_points([7] * 10)))
    assert scores.to_series().unique().to_list() == [1]


@pytest.mark.parametrize(
    ("kind", "day", "start", "following"),
    [
        ("week", "2023-01-01", "2022-12-26", "2023-01-02"),
        ("month", "2024-02-29", "2024-02-01", "2024-03-01"),
        ("month", "2023-12-31", "2023-12-01", "2024-01-01"),
        ("quarter", "2023-11-15", "2023-10-01", "2024-01-01"),
    ],
)
def test_periods(kind, day, start, following):
    number = parts.period(pl.lit(DAY(day)), kind)
    first = parts.period_start(number, kind)
    after = parts.period_start(number + 1, kind)
    assert pl.select(first.alias("a"), after.alias("b")).row(0) == (
        DAY(start),
        DAY(following),
    )


# ---- rules ----


def test_sequence_counts_days_and_only_purchases(marts):
    facts = marts(
        orders=orders_of(
            "1 A 2024-01-01 cancelled",
            "2 A 2024-01-05",
            "3 A 2024-01-05",
            "4 A 2024-01-15",
            "5 - 2024-01-15",
        )
    )["fct_orders"]
    assert column(facts, "order_id", "order_id") == ["2", "3", "4", "5"]
    numbers = facts.filter(~pl.col("is_guest")).sort("order_number")
    assert numbers["purchase_number"].to_list() == [1, 1, 2]
    assert numbers["days_since_previous_purchase"].to_list() == [None, None, 10]
    assert numbers["days_since_first_purchase"].to_list() == [0, 0, 10]
    guest = facts.filter("is_guest").row(0, named=True)
    assert guest["customer_key"] is None and guest["order_number"] is None
    assert not guest["is_first_order"] and not guest["is_repeat_order"]


def test_keys_are_md5(marts):
    facts = marts(orders=orders_of("1 A 2024-01-05"))["fct_orders"]
    # echo -n 'standard|standard|1' | md5sum, and of standard|standard|customer_id|A
    assert facts["order_key"].item() == 564610138473917139
    assert facts["customer_key"].item() == 790582919527585908


def test_refunds(marts):
    refunds = (
        "refund_id,order_id,customer_id,refunded_at,refund_amount,currency\n"
        "a,1,,2024-02-01,30,\n"  # part of order 1
        "b,2,,,100,\n"  # all of order 2: no purchase, dated like the order
        "c,,A,2023-12-01,5,CNY\n"  # before the first purchase: booked on it
        "d,,Z,2024-01-20,7,CNY\n"  # of nobody
        "e,9,,2024-01-20,7,\n"  # of an order that is not there
        "f,1,,2024-03-02,7,\n"  # after the as-of date
    )
    found = marts(
        orders=orders_of("1 A 2024-01-05", "2 A 2024-01-06", "3 B 2024-02-01"),
        refunds=refunds,
    )
    facts = found["fct_refunds"]
    assert column(facts, "refund_of", "refund_id") == [
        *("purchase", "excluded_order", "customer", "nobody"),
    ]
    assert column(facts, "booked_date", "refund_id") == [
        *map(DAY, ("2024-01-05", "2024-01-06", "2024-01-05", "2024-01-20")),
    ]
    assert facts.sort("refund_id")["refund_date"].to_list()[1] == DAY("2024-01-06")
    customer = (
        found["fct_customers"].filter(pl.col("customer_id") == "A").row(0, named=True)
    )
    assert customer["order_count"] == 1
    assert customer["net_amount"] == Decimal("65.00")
    assert customer["average_order_value"] == Decimal("65.00")
    rejected = found["rejected_rows"].sort("reason_code")
    assert rejected["reason_code"].to_list() == ["after_as_of_date", "order_not_found"]
    orders = found["source_reconciliation"].row(
        by_predicate=pl.col("entity") == "orders", named=True
    )
    assert (orders["accepted_rows"], orders["excluded_rows"]) == (3, 1)
    assert orders["excluded_amount"] == Decimal("100.00")


def test_fates_of_order_rows(marts):
    text = (
        "order_id,customer_id,ordered_at,status,currency,gross_amount,updated_at\n"
        "1,A,2024-01-05,paid,CNY,10,2024-01-06\n"
        "1,A,2024-01-05,paid,CNY,20,2024-01-07\n"
        "1,A,2024-01-05,paid,CNY,thirty,2024-01-08\n"
        ",A,2024-01-05,paid,CNY,10,\n"
        "2,A,2024-13-05,paid,CNY,10,\n"
        "3,A,1066-10-14,paid,CNY,10,\n"
        "4,A,2024-01-05,lost,CNY,10,\n"
        "5,A,2024-01-05,paid,XXX,10,\n"
        "6,A,2024-01-05,paid,,10,\n"
        "7,A,2024-01-05,paid,CNY,-10,\n"
    )
    found = marts(orders=text)
    assert found["rejected_rows"]["reason_code"].sort().to_list() == [
        "date_out_of_range",
        "missing_currency",
        "missing_exchange_rate",
        "missing_order_id",
        "negative_gross_amount",
        "unknown_status",
        "unreadable_gross_amount",
        "unreadable_ordered_at",
    ]
    row = found["source_reconciliation"].row(
        by_predicate=pl.col("entity") == "orders", named=True
    )
    counts = [row[f"{name}_rows"] for name in ("raw", "accepted", "superseded")]
    assert counts == [10, 1, 1] and row["rejected_rows"] == 8
    assert row["accepted_amount"] == Decimal("20.00")
    assert found["fct_orders"]["gross_amount"].to_list() == [Decimal("20.00")]


def test_identity_is_transitive_and_placeholders_are_nobody(marts):
    text = "order_id,customer_id,email,phone,ordered_at,status,currency,gross_amount\n"
    rows = [
        "1,A,a@x.cn,",
        "2,,A@X.cn ,555 666",
        "3,B,,555-666",
        "4,,,12345",  # too short for a phone
        "5,C,counter@x.cn,",
        "6,D,counter@x.cn,",
        "7,E,counter@x.cn,",
        "8,,counter@x.cn,",
    ]
    text += "".join(f"{row},2024-01-05,paid,CNY,10\n" for row in rows)
    facts = marts({"identity_max_customer_ids": 2}, orders=text)["fct_orders"]
    keys = facts.sort("order_id")["customer_key"].to_list()
    assert keys[0] == keys[1] == keys[2] and keys[3] is None
    assert len(set(keys[4:7])) == 3 and keys[7] is None


def test_items_share_the_order(marts):
    items = (
        "order_id,line_number,product_id,product_name,quantity,unit_price\n"
        "1,2,P,Pen,1,50\n1,10,Q,Cup,1,50\n1,1,R,Pot,2,100\n"
        "2,1,P,Pin,1,1\n9,1,P,Pan,1,1\n"
    )
    text = (
        "order_id,customer_id,ordered_at,status,currency,gross_amount,discount_amount\n"
        "1,A,2024-01-05,paid,CNY,300,10\n2,A,2024-01-06,paid,CNY,2,\n"
        "3,A,2024-01-06,paid,CNY,2,5\n"
    )
    found = marts(orders=text, order_items=items)
    orders = found["fct_orders"].sort("order_id")
    assert orders["warning_code"].to_list() == [None, "lines_differ", "no_lines"]
    lines = found["fct_order_items"].join(orders.head(1), on="order_key", how="semi")
    assert column(lines, "product_id", "line_number") == ["R", "P", "Q"]
    discounts = column(lines, "discount_amount", "line_number")
    assert discounts == [Decimal("6.67"), Decimal("1.66"), Decimal("1.67")]
    customer = found["fct_customers"].row(0, named=True)
    assert customer["first_product_id"] == "R"
    assert column(found["dim_products"], "name", "product_id") == ["Pin", "Cup", "Pot"]


@pytest.mark.parametrize(
    ("as_of", "second", "eligible", "repurchasers"),
    [
        ("2024-01-31", "2024-01-31", 1, 1),  # the last day is in
        ("2024-02-01", "2024-02-01", 1, 0),  # the day after is out
        ("2024-01-30", "2024-01-15", 0, 0),  # bought again, window not over
    ],
)
def test_window(marts, as_of, second, eligible, repurchasers):
    found = marts(
        {"as_of_date": as_of}, orders=orders_of("1 A 2024-01-01", f"2 A {second}")
    )
    row = found["repurchase_rates"].row(
        by_predicate=pl.col("cohort_start").is_null() & (pl.col("window_days") == 30),
        named=True,
    )
    assert (row["eligible_customers"], row["repurchasers"]) == (eligible, repurchasers)
    assert row["is_mature"] == bool(eligible)
    assert row["repurchase_rate"] == (repurchasers if eligible else None)


def test_cohort_cells(marts):
    found = marts(
        {"as_of_date": "2024-02-29"},
        orders=orders_of("1 A 2024-01-01", "2 A 2024-01-31", "3 B 2024-01-31 paid 50"),
    )["cohort_retention"]
    months = found.filter(pl.col("period_type") == "month").sort("period_number")
    assert months["eligible_customers"].to_list() == [2, 2]
    assert months["active_customers"].to_list() == [2, 0]
    assert months["cumulative_repurchase_rate"].to_list() == [0.5, 0.5]
    assert months["cumulative_ltv"].to_list() == [Decimal("125.00")] * 2
    ages = found.filter(pl.col("period_type") == "30_days").sort("period_number")
    # B's first 30 days end on 29 February, A's second on the same day
    assert ages["eligible_customers"].to_list() == [2, 1]
    assert ages["active_customers"].to_list() == [2, 1]
    assert ages["retention_rate"].to_list() == [1.0, 1.0]
    assert ages["is_mature"].to_list() == [True, False]
    assert ages["cumulative_ltv"].to_list() == [Decimal("75.00"), None]


def test_rates_by_period(marts):
    found = marts(
        {"as_of_date": "2024-03-15"},
        orders=orders_of("1 A 2024-01-01", "2 A 2024-01-02", "3 B 2024-01-02")
        + "\n"
        + orders_of("4 A 2024-02-01", "5 - 2024-02-01").split("\n", 1)[1],
    )["repurchase_rates_by_period"]
    months = found.filter(pl.col("period_type") == "month").sort("period_start")
    assert months["buyers"].to_list() == [2, 1, 0]
    assert months["repeat_customer_rate"].to_list() == [0.5, 0.0, None]
    assert months["next_period_repurchase_rate"].to_list() == [0.5, None, None]
    assert months["repeat_order_share"].to_list() == [1 / 3, 1.0, None]
    assert months["returning_customer_share"].to_list() == [0.0, 1.0, None]
    assert months["is_mature"].to_list() == [True, True, False]


def test_rfm_of_ten_equal_customers(marts):
    found = marts(orders=orders_of(*(f"{i} C{i} 2024-01-05" for i in range(10))))
    assert found["rfm_scores"]["rfm_cell"].unique().to_list() == ["511"]
    segments = found["rfm_segments"]
    assert len(segments) == 11 and segments["customers"].sum() == 10


def test_no_orders(marts):
    found = marts(orders=ORDERS)
    assert found["fct_orders"].is_empty() and found["cohort_retention"].is_empty()
    assert found["rfm_segments"]["customers"].to_list() == [0] * 11


# ---- comparing ----


@pytest.fixture
def frame():
    return pl.DataFrame(
        {"key": [1, 2, None], "money": ["1.00", "2.50", None], "rate": [0.5, 0.1, None]}
    ).with_columns(pl.col("money").cast(pl.Decimal(18, 2)))


def test_equal_frames(frame):
    shuffled = frame.reverse().with_columns(pl.lit("more").alias("another"))
    assert verify.compare(frame, shuffled, ["key"]) == (0, [])


def test_a_changed_cent(frame):
    cent = pl.when(pl.col("key") == 2).then(pl.lit(Decimal("0.01"))).otherwise(0)
    found = frame.with_columns((pl.col("money") + cent).cast(pl.Decimal(18, 2)))
    assert verify.compare(frame, found, ["key"]) == (
        1,
        ["key=2, money: expected 2.50, found 2.51"],
    )


def test_a_missing_and_an_additional_row(frame):
    assert verify.compare(frame, frame.head(2), ["key"]) == (
        1,
        ["key=None: missing row"],
    )
    assert verify.compare(frame.head(2), frame, ["key"]) == (
        1,
        ["key=None: additional row"],
    )


def test_a_row_twice(frame):
    twice = pl.concat([frame, frame.head(1)])
    assert verify.compare(frame, twice, ["key"])[0] == 1


@pytest.mark.parametrize(("factor", "count"), [(1 + 1e-13, 0), (1 + 1e-11, 2)])
def test_rates_have_a_tolerance(frame, factor, count):
    found = frame.with_columns(pl.col("rate") * factor)
    assert verify.compare(frame, found, ["key"])[0] == count


def test_null_is_not_zero(frame):
    assert verify.compare(frame, frame.fill_null(0), ["key"])[0] > 0
    found = frame.with_columns(pl.col("rate").fill_null(0))
    assert verify.compare(frame, found, ["key"])[0] == 1


def test_types_and_columns(frame):
    found = frame.with_columns(pl.col("money").cast(pl.Float64)).drop("rate")
    assert verify.compare(frame, found, ["key"]) == (
        2,
        ["column money: expected decimal, found double", "column rate: not there"],
    )


# ---- the command ----


def database_of(found, folder):
    """Arguments for a database that holds the marts found in the folder's files."""
    database = folder / "marts.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute('create schema "marts"."marts"')
        for name, frame in found.items():
            if name == "rejected_rows":
                frame = frame.drop("rows")
            if name == "model_parameters":
                tried = pl.when("iterations_bounded").then(8)
                frame = frame.with_columns(iterations=tried.cast(pl.Int64))
            frame.write_parquet(folder / name)
            con.execute(
                f'create table "marts"."marts".{name} as from read_parquet(?)',
                [str(folder / name)],
            )
            (folder / name).unlink()
    arguments = ["--database", str(database), "--connector", "standard"]
    return [*arguments, "--data", str(folder)]


ONLY_ORDERS = '{"connectors": {"standard": {"entities": ["orders"]}}%s}'


@pytest.fixture
def shop(tmp_path, marts):
    """Arguments for a database that holds what the raw file says."""
    found = marts(
        orders=orders_of("1 A 2024-01-05", "2 A 2024-02-05", "3 B 2024-02-05 lost")
    )
    return [*database_of(found, tmp_path), "--vars-json", ONLY_ORDERS % ""]


def habits() -> str:
    """Orders of 150 customers whose rates, ends and spend are drawn."""
    draw, rows = random.Random(4), []
    for customer in range(150):
        day, rate = draw.randrange(300), draw.gammavariate(0.8, 1 / 40)
        chance, spend = draw.betavariate(1, 3), draw.gammavariate(6, 1)
        scale = 2.5 * spend / draw.gammavariate(4, 1)
        while day < 700:
            date = DAY("2023-01-01") + datetime.timedelta(days=day)
            gross = round(0.01 + draw.gammavariate(6, scale), 2)
            rows.append(f"{len(rows)} C{customer} {date} completed {gross}")
            if draw.random() < chance:
                break
            day += 1 + int(draw.expovariate(rate))
    return orders_of(*rows)


@pytest.fixture(scope="module")
def predicting_shop(tmp_path_factory):
    """The same of a shop that is large enough for predictions."""
    folder = tmp_path_factory.mktemp("predicting")
    changed = {"prediction_minimum_customers": 50}
    found = recomputed(folder, changed, orders=habits())
    assert found["model_parameters"]["converged"].all()
    settings = ONLY_ORDERS % ', "prediction_minimum_customers": 50'
    return [*database_of(found, folder), "--vars-json", settings]


@pytest.fixture
def predictions(predicting_shop, tmp_path):
    """Arguments for a copy of its database."""
    copy = shutil.copy(predicting_shop[1], tmp_path / "copy.duckdb")
    return ["--database", str(copy), *predicting_shop[2:]]


def test_command_agrees(shop, capsys):
    assert verify.main(shop) == 0
    output = capsys.readouterr().out
    assert "ok    fct_orders  2 rows" in output and "DIFF" not in output


def test_command_catches_a_cent(shop, capsys):
    with duckdb.connect(shop[1]) as con:
        con.execute(
            'update "marts"."marts".fct_customers set net_amount = net_amount + 0.01'
        )
    assert verify.main(shop) == 1
    output = capsys.readouterr().out
    assert "DIFF  fct_customers  1 differences" in output
    assert "expected 200.00, found 200.01" in output


@pytest.mark.parametrize(
    ("mart", "change", "where"),
    [
        ("model_parameters", "value = value * 1.0001", "parameter = 'a'"),
        ("model_parameters", "log_likelihood = log_likelihood + 1e-4", "true"),
        ("model_parameters", "customers = customers + 1", "model = 'gamma_gamma'"),
        ("model_parameters", "iterations = 51", "model = 'bgnbd'"),
        ("model_parameters", "model_status = 'not_converged'", "model = 'bgnbd'"),
        ("customer_predictions", "probability_alive = probability_alive * 1.00001", ""),
        ("customer_predictions", "expected_purchases_365d = 0", ""),
        ("customer_predictions", "predicted_clv = predicted_clv + 0.001", ""),
        (
            "customer_predictions",
            "expected_next_purchase_date = expected_next_purchase_date + 1",
            "",
        ),
        ("customer_predictions", "in_plain_words = in_plain_words || '!'", ""),
        ("prediction_evaluation", "value = value * 1.00001", "metric = 'auc'"),
        ("prediction_evaluation", "ci_high = ci_low", "metric = 'brier'"),
        ("prediction_evaluation", "customers = customers - 1", "true"),
        ("prediction_evaluation", "value = null", "metric = 'bias'"),
        ("prediction_calibration", "actual = actual + 0.00001", "model = 'mbgnbd'"),
        ("prediction_calibration", "decile = 11", "model = 'zero'"),
    ],
)
def test_command_catches_a_changed_prediction(predictions, capsys, mart, change, where):
    where = where or "customer_key % 7 = 0"
    with duckdb.connect(predictions[1]) as con:
        con.execute(f"update marts.{mart} set {change} where {where}")
    assert verify.main(predictions) == 1
    assert f"DIFF  {mart} " in capsys.readouterr().out


def test_command_agrees_with_predictions(predictions, capsys):
    assert verify.main(predictions) == 0
    assert "ok    customer_predictions  150 rows" in capsys.readouterr().out


def test_a_search_may_give_up_only_where_the_data_say_little(predictions, capsys):
    """Of a sound fit it is not enough to say that it failed, and to leave it out."""
    with duckdb.connect(predictions[1]) as con:
        con.execute(
            "update marts.prediction_evaluation set model_status = 'not_converged', "
            "value = null, ci_low = null, ci_high = null where model = 'mbgnbd'"
        )
        con.execute("delete from marts.prediction_calibration where model = 'mbgnbd'")
    assert verify.main(predictions) == 1
    assert "DIFF  prediction_evaluation" in capsys.readouterr().out


def test_command_knows_every_mart(shop, capsys):
    with duckdb.connect(shop[1]) as con:
        con.execute('create table "marts"."marts".guesses as select 1 as guess')
    assert verify.main(shop) == 1
    assert "DIFF  guesses  nothing recomputes it" in capsys.readouterr().out


def test_command_on_a_sample(shop, capsys):
    assert verify.main([*shop, "--row-limit", "1"]) == 0
    output = capsys.readouterr().out
    assert "customer_key is divisible by 3" in output
    assert "skip  rfm_scores" in output and "skip  rfm_history" in output
    assert "ok    reactivations" in output and "ok    source_reconciliation" in output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--database", "no.duckdb"], "no such database"),
        (["--data", "nowhere"], "one --data for each"),
        (["--vars-json", "{"], "Expecting"),
        (["--as-of", "yesterday"], "yesterday"),
    ],
)
def test_unusable_input(shop, capsys, arguments, words):
    assert verify.main([*shop, *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1
