"""The synthetic shop: reproducible, complete in its dirt, and true to its process."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).resolve().parents[2]
DEMO = ["--customers", "2000", "--months", "30", "--seed", "42"]
ENTITIES = ["orders", "order_items", "products", "customers", "refunds"]
VALID = ["completed", "paid", "shipped", "processing", "partially_refunded"]


def run(*arguments) -> subprocess.CompletedProcess:
    command = [sys.executable, ROOT / "scripts" / "generate.py", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def generate(out: Path, *arguments) -> Path:
    done = run("--out", out, *arguments)
    assert done.returncode == 0, done.stderr
    return out


def files(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    """The demo shop with its truth."""
    return generate(tmp_path_factory.mktemp("shop") / "out", *DEMO)


@pytest.fixture(scope="module")
def rows(shop) -> dict[str, pl.DataFrame]:
    """Its rows as text, by entity."""
    return {e: pl.read_csv(shop / f"{e}.csv", infer_schema=False) for e in ENTITIES}


@pytest.fixture(scope="module")
def counts(shop) -> dict:
    text = (shop / "truth" / "parameters.json").read_text(encoding="utf-8")
    return json.loads(text)["counts"]


@pytest.fixture(scope="module")
def good(rows) -> pl.DataFrame:
    """The newest readable version of each order, picked without the pipeline."""
    codes = ["CNY", "HKD", "USD"]
    known = [*VALID, "pending", "cancelled", "voided", "failed", "refunded", "test"]
    as_number = pl.col("gross_amount").cast(pl.Float64, strict=False)
    day = pl.col("ordered_at").str.to_datetime("%+", strict=False, time_unit="us")
    return (
        rows["orders"]
        .with_columns(
            pl.col("status").str.to_lowercase(),
            day=day.dt.convert_time_zone("Asia/Shanghai").dt.date(),
            discount=pl.col("discount_amount").fill_null("0").cast(float, strict=False),
            gross=as_number,
        )
        .filter(
            pl.col("order_id").is_not_null(),
            pl.col("day").is_not_null(),
            pl.col("gross") >= 0,
            pl.col("discount") >= 0,
            pl.col("currency").is_in(codes),
            pl.col("status").is_in(known),
            pl.col("time_zone").str.starts_with("Asia/"),
            pl.col("tax_amount").str.contains(r"^[\d.]+$").fill_null(True),
            pl.col("shipping_amount").str.contains(r"^[\d.]+$"),
            ~pl.col("updated_at").str.starts_with("2023-02-29"),
        )
        .sort("updated_at")
        .unique(["shop_id", "order_id"], keep="last")
    )


@pytest.fixture(scope="module")
def refunded(rows) -> pl.DataFrame:
    """Refunded amount per order, from the readable rows with an order."""
    newest = rows["refunds"].sort("updated_at").unique("refund_id", keep="last")
    amount = pl.col("refund_amount").cast(pl.Float64, strict=False)
    readable = newest.filter(
        pl.col("refund_id").str.starts_with("R-"), pl.col("order_id").is_not_null()
    )
    by_order = readable.group_by("shop_id", "order_id")
    return by_order.agg(refund=amount.sum(), refund_currency=pl.col("currency").max())


@pytest.fixture(scope="module")
def purchases(good, refunded) -> pl.DataFrame:
    """Orders that are purchases."""
    net = pl.col("gross") - pl.col("discount")
    refund = pl.col("refund").fill_null(0)
    return good.join(refunded, on=["shop_id", "order_id"], how="left").filter(
        pl.col("status").is_in(VALID), (refund == 0) | (refund < net - 0.001)
    )


def test_demo_seeds_are_what_the_script_writes(tmp_path):
    made = generate(tmp_path / "out", *DEMO, "--prefix", "demo_", "--no-truth")
    seeds = (ROOT / "seeds" / "demo").glob("*.csv")
    assert files(made) == {path.name: path.read_bytes() for path in seeds}
    assert sum(map(len, files(made).values())) < 3_000_000


def test_seed_decides(tmp_path):
    size = ["--customers", "600", "--months", "6"]
    first = files(generate(tmp_path / "first", *size, "--seed", "7"))
    again = files(generate(tmp_path / "again", *size, "--seed", "7"))
    other = files(generate(tmp_path / "other", *size, "--seed", "8"))
    assert first == again
    changes = set(other) - {"products.csv"}
    assert not [name for name in changes if first[name] == other[name]]


def test_formats_hold_the_same_values(shop, rows, tmp_path):
    out = generate(tmp_path / "out", *DEMO, "--format", "parquet")
    for entity in ENTITIES:
        assert pl.read_parquet(out / f"{entity}-00001.parquet").equals(rows[entity])
    truth = pl.read_parquet(out / "truth" / "customers-00001.parquet")
    assert truth.equals(pl.read_csv(shop / "truth" / "customers.csv"))
    name = "parameters.json"
    assert files(out / "truth")[name] == files(shop / "truth")[name]


def test_columns_are_the_input_columns_of_the_contract(rows):
    yaml = pytest.importorskip("yaml")
    for entity in ENTITIES:
        path = ROOT / "models" / "intermediate" / "contract" / f"{entity}.yml"
        (model,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
        inputs = [c for c in model["columns"] if "input" in c.get("meta", {})]
        names = [c["meta"]["input"].get("name", c["name"]) for c in inputs]
        assert rows[entity].columns == names


def fault_rows(rows: dict) -> dict[tuple[str, str], int]:
    """Broken rows by entity and reason, found by looking at the text."""
    orders, items, refunds = rows["orders"], rows["order_items"], rows["refunds"]
    order_ids = orders["order_id"].drop_nulls().implode()
    currency = orders.group_by("order_id").agg(of_order=pl.col("currency").max())
    joined = refunds.join(currency, on="order_id", how="left")

    def count(frame, *conditions) -> int:
        return frame.filter(*conditions).height

    def unreadable(column) -> pl.Expr:
        return ~pl.col(column).str.contains(r"^-?\d+(\.\d+)?$")

    def no_time(column) -> pl.Expr:
        shape = r"^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(Z|\+08:00))?$"
        day = pl.col(column).str.slice(0, 10).str.to_date(strict=False)
        return ~pl.col(column).str.contains(shape) | (
            pl.col(column).is_not_null() & day.is_null()
        )

    def far(column) -> pl.Expr:
        return pl.col(column).str.contains("^(9999|0001)")

    def negative(column) -> pl.Expr:
        return pl.col(column).str.starts_with("-")

    null, statuses = pl.Expr.is_null, pl.col("status").str.to_lowercase()
    known = [*VALID, "pending", "cancelled", "voided", "failed", "refunded", "test"]
    codes = ["CNY", "HKD", "USD"]
    found = {
        ("order_items", "amount_out_of_range"): count(
            items, pl.col("quantity").str.len_chars() > 6
        ),
        ("orders", "unreadable_ordered_at"): count(orders, no_time("ordered_at")),
        ("orders", "unreadable_updated_at"): count(orders, no_time("updated_at")),
        ("orders", "unreadable_time_zone"): count(
            orders, ~pl.col("time_zone").is_in(["Asia/Shanghai", "Asia/Hong_Kong"])
        ),
        ("orders", "date_out_of_range"): count(orders, far("ordered_at")),
        ("orders", "unknown_status"): count(orders, ~statuses.is_in(known)),
        ("orders", "missing_exchange_rate"): count(
            orders, ~pl.col("currency").is_in(codes)
        ),
        ("order_items", "order_not_found"): count(
            items, ~pl.col("order_id").is_in(order_ids)
        ),
        ("refunds", "order_not_found"): count(
            refunds, ~pl.col("order_id").is_in(order_ids)
        ),
        ("refunds", "refund_currency_differs"): count(
            joined, pl.col("currency") != pl.col("of_order")
        ),
        ("refunds", "undated_refund"): count(
            refunds, null(pl.col("order_id")), null(pl.col("refunded_at"))
        ),
        ("refunds", "missing_exchange_rate"): count(
            refunds, ~pl.col("currency").is_in(codes)
        ),
        ("refunds", "unreadable_refunded_at"): count(refunds, no_time("refunded_at")),
        ("refunds", "date_out_of_range"): count(refunds, far("refunded_at")),
    }
    for entity, columns in {
        "orders": ["order_id", "ordered_at", "gross_amount", "currency"],
        "order_items": ["order_id", "product_id", "quantity", "unit_price"],
        "products": ["product_id"],
        "customers": ["customer_id"],
        "refunds": ["refund_id", "refund_amount"],
    }.items():
        for column in columns:
            missing = count(rows[entity], null(pl.col(column)))
            found[entity, f"missing_{column}"] = missing
    for entity, columns in {
        "orders": ["gross", "discount", "tax", "shipping"],
        "order_items": ["quantity", "unit_price"],
        "refunds": ["refund"],
    }.items():
        for column in columns:
            suffix = "" if entity == "order_items" else "_amount"
            name = f"{column}{suffix}"
            number = count(rows[entity], unreadable(name))
            found[entity, f"unreadable_{name}"] = number
            if column not in ("tax", "shipping"):
                found[entity, f"negative_{name}"] = count(rows[entity], negative(name))
    return found


def test_each_fault_appears_as_often_as_stated(rows, counts):
    stated = {
        (entity, reason): number
        for entity, reasons in counts["rejected"].items()
        for reason, number in reasons.items()
    }
    assert fault_rows(rows) == stated
    assert all(1 <= number <= 3 for number in stated.values())
    codes = pl.read_csv(ROOT / "seeds" / "rules" / "reason_codes.csv")
    injected = {reason for _, reason in stated} | set(counts["warnings"])
    assert set(codes["reason_code"]) - injected == {"after_as_of_date", "not_arrived"}


def test_each_warning_appears_as_often_as_stated(rows, good, counts):
    number = pl.col("quantity").cast(float, strict=False)
    price = pl.col("unit_price").cast(float, strict=False)
    lines = (
        rows["order_items"]
        .filter(pl.col("line_number") != "99")
        .group_by("shop_id", "order_id")
        .agg(
            goods=(number * price).sum().round(2),
            off=pl.col("discount_amount").cast(float).sum().round(2),
            has_off=pl.col("discount_amount").is_not_null().any(),
        )
    )
    seen = good.join(lines, on=["shop_id", "order_id"], how="left")
    differ = (pl.col("goods") != pl.col("gross")) | (
        pl.col("has_off") & (pl.col("off") != pl.col("discount"))
    )
    warning = (
        pl.when(pl.col("goods").is_null()).then(pl.lit("no_lines"))
        .when(differ).then(pl.lit("lines_differ"))
        .when(pl.col("discount") > pl.col("gross"))
        .then(pl.lit("discount_exceeds_gross"))
    )  # fmt: skip
    found = seen.select(warning=warning).drop_nulls().group_by("warning").len()
    assert dict(found.iter_rows()) == counts["warnings"]
    assert all(number >= 1 for number in counts["warnings"].values())


def test_rows_add_up(rows, good, purchases, counts):
    for entity in ENTITIES:
        assert rows[entity].height == counts["rows"][entity]
    rejected = sum(counts["rejected"]["orders"].values())
    superseded = counts["superseded"]["orders"]
    assert rows["orders"].height == good.height + superseded + rejected
    assert purchases.height == counts["orders"]["purchases_in_all"]


def test_refunds_stay_within_the_net_amount(good, refunded):
    joined = good.join(refunded, on=["shop_id", "order_id"])
    assert joined.height > 100
    net = pl.col("gross") - pl.col("discount")
    assert joined.filter(pl.col("refund") > net + 0.001).is_empty()
    assert joined.filter(pl.col("refund_currency") != pl.col("currency")).is_empty()


def purchase_days(purchases: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """Distinct purchase days per true person, by customer id, e-mail, then phone."""
    person = purchases.with_columns(pl.col("email").str.to_lowercase())
    for key in ("customer_id", "email", "phone"):
        ids = truth.filter(pl.col(key).is_not_null())
        ids = ids.select("shop_id", key, pl.col("person").alias(f"by_{key}"))
        person = person.join(ids, on=["shop_id", key], how="left")
    person = person.with_columns(
        person=pl.coalesce("by_customer_id", "by_email", "by_phone")
    )
    known = person.filter(pl.col("person").is_not_null())
    return known.group_by("person").agg(days=pl.col("day").n_unique())


def test_orders_show_the_true_purchases(purchases, shop, counts):
    truth = pl.read_csv(shop / "truth" / "customers.csv")
    seen = truth.join(purchase_days(purchases, truth), on="person", how="left")
    assert seen.filter(pl.col("days") != pl.col("purchase_days")).is_empty()
    assert seen["days"].null_count() == 0
    assert (seen["days"] > 1).sum() == counts["customers"]["with_two_purchase_days"]


def test_repeat_share_is_that_of_the_process(purchases, shop):
    """Within 0.035, three standard errors of a share of 2,000 customers."""
    truth = pl.read_csv(shop / "truth" / "customers.csv", try_parse_dates=True)
    text = (shop / "truth" / "parameters.json").read_text(encoding="utf-8")
    parameters = json.loads(text)
    process = parameters["process"]
    r, alpha, a, b = (process[name] for name in ("r", "alpha", "a", "b"))
    last_day = pl.lit(parameters["arguments"]["last_day"]).str.to_date()
    days = (last_day - pl.col("first_purchase_date")).dt.total_days() + 0.5
    back = b / (a + b) * (1 - (alpha / (alpha + days / 7)) ** r)
    expected = truth.select(back.mean()).item()
    seen = purchase_days(purchases, truth)
    assert abs((seen["days"] > 1).mean() - expected) < 0.035
    assert 0.45 < expected < 0.55
    assert abs(truth["lambda_per_week"].mean() - r / alpha) < 0.012
    assert abs(truth["dropout_probability"].mean() - a / (a + b)) < 0.02


def test_zone_moves_days(good):
    utc_day = good["ordered_at"].str.slice(0, 10)
    assert (utc_day != good["day"].cast(pl.String)).sum() > 100
    assert good["ordered_at"].str.ends_with("+08:00").sum() > 50


def test_holidays_do_not_overlap():
    path = ROOT / "seeds" / "rules" / "holidays.csv"
    days = pl.read_csv(path, try_parse_dates=True).sort("start_date")
    assert (days["start_date"] <= days["end_date"]).all()
    gaps = days["start_date"].shift(-1) > days["end_date"]
    assert gaps.drop_nulls().all()


@pytest.mark.parametrize("customers", [1, 2, 40])
def test_small_shops_have_no_injected_rows(tmp_path, customers):
    size = ["--customers", customers, "--months", 1, "--seed", 3]
    out = generate(tmp_path / "out", *size, "--start", "2024-01-31")
    parameters = json.loads((out / "truth" / "parameters.json").read_text("utf-8"))
    assert not any(parameters["counts"]["warnings"].values())
    assert not any(any(r.values()) for r in parameters["counts"]["rejected"].values())
    assert parameters["arguments"]["last_day"] == "2024-02-28"


def test_a_clean_shop_has_nothing_to_sort_out(tmp_path):
    """Every order once, readable, of a known customer; called off ones too."""
    out = generate(tmp_path / "out", *DEMO, "--clean")
    rows = {e: pl.read_csv(out / f"{e}.csv", infer_schema=False) for e in ENTITIES}
    for entity, key in [
        ("orders", ["shop_id", "order_id"]),
        ("order_items", ["shop_id", "order_id", "line_number"]),
        ("products", ["shop_id", "product_id"]),
        ("customers", ["customer_id"]),
        ("refunds", ["refund_id"]),
    ]:
        assert rows[entity].select(key).is_unique().all(), entity
        assert rows[entity].select(key).null_count().sum_horizontal().item() == 0
    assert rows["orders"]["customer_id"].str.starts_with("C-").all()
    emails = rows["orders"].select("customer_id", pl.col("email").str.to_lowercase())
    assert emails.drop_nulls().unique()["email"].is_unique().all()
    lines = (
        rows["order_items"]
        .group_by("order_id")
        .agg(
            goods=(
                pl.col("quantity").cast(float) * pl.col("unit_price").cast(float)
            ).sum()
        )
    )
    seen = rows["orders"].join(lines, on="order_id", how="left")
    paid = seen["gross_amount"].cast(float)
    assert (paid - seen["goods"]).abs().max() < 0.001
    assert (paid >= seen["discount_amount"].cast(float).fill_null(0)).all()
    assert set(rows["refunds"]["order_id"]) <= set(rows["orders"]["order_id"])
    assert (rows["orders"]["status"] == "cancelled").sum() > 100
    counts = json.loads((out / "truth" / "parameters.json").read_text("utf-8"))[
        "counts"
    ]
    assert not sum(counts["warnings"].values()) + sum(counts["superseded"].values())
    assert not any(any(r.values()) for r in counts["rejected"].values())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--customers", "0"], "whole number"),
        (["--start", "2023-02-30"], "not a day"),
        (["--format", "xlsx"], "invalid choice"),
    ],
)
def test_wrong_arguments_are_named(tmp_path, arguments, message):
    done = run("--out", tmp_path / "out", *DEMO, *arguments)
    assert done.returncode == 2
    assert message in done.stderr and "Traceback" not in done.stderr


def test_a_folder_in_use_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    done = run("--out", tmp_path, *DEMO)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "not empty" in done.stderr
    assert files(tmp_path) == {"mine.txt": b"mine"}
