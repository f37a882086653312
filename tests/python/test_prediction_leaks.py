"""What is said of a past day knows nothing of what came after it.

A build that ends later says the same of an origin as a build of the raw rows that were
there on the day the origin's horizon ended.
"""

import csv
import re
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal

import pytest
from conftest import ROOT, write_shop
from test_time_travel import local_day

pd = pytest.importorskip("pandas", reason="requirements-dev.txt not there")

KEYS = {
    "prediction_evaluation": ["model", "origin", "metric"],
    "prediction_calibration": ["model", "origin", "decile"],
}
HORIZON = timedelta(days=90)


def judged(models, connector, data, as_of):
    """The models that judge predictions, built from raw rows as of a day."""
    built = models()
    built.load(connector, data)
    built.run(*(f"+{mart}" for mart in KEYS), as_of_date=str(as_of))
    return built


def assert_same(one, other, origins) -> None:
    """Equal rows of these origins in both marts, numbers to 1e-9."""
    for mart, keys in KEYS.items():
        days = ", ".join(f"'{origin}'" for origin in origins)
        query = (
            f"select * exclude (as_of_date) from {mart} "
            f"where origin in ({days}) order by {', '.join(keys)}"
        )
        rows = one.query(query)
        assert {day.date() for day in rows["origin"]} == set(origins), mart
        pd.testing.assert_frame_equal(
            rows, other.query(query), check_exact=False, rtol=1e-9, atol=1e-9
        )
        fitted = rows[rows["model"].isin(["bgnbd", "mbgnbd"])]
        assert {day.date() for day in fitted["origin"]} == set(origins), mart
        if mart == "prediction_evaluation":
            assert set(fitted["model_status"]) == {"converged"}
            assert rows["value"].notna().mean() > 0.8


# All that a prediction of an origin rests on: histories, fits, expectations, and what
# the rules of thumb have learned.
KNOWN = [
    "select * from int_btyd_statistics where origin_date = '{day}'",
    "select model, parameter, value from int_model_fits where origin_date = '{day}' "
    "and model <> 'gamma_gamma'",
    "select * from int_expected_purchases where origin_date = '{day}' "
    "and horizon_days = 90",
    "select * from int_learned_rates where origin_date = '{day}'",
]


def assert_same_knowledge(one, other, day) -> None:
    """What is known on a day, for one build in the past, for the other the present."""
    for query in KNOWN:
        rows = one.query(query.format(day=day) + " order by all")
        assert len(rows) > 0, query
        others = other.query(query.format(day=day) + " order by all")
        pd.testing.assert_frame_equal(
            rows, others, check_exact=False, rtol=1e-8, atol=1e-9
        )


# -- CDNOW --


def test_cdnow(models, real_data, tmp_path):
    """Three origins as seen on 1998-03-31, and from the lines until 1997-12-31."""
    data = real_data / "cdnow/CDNOW_sample.txt"
    end = date(1998, 3, 31)
    later = judged(models, "cdnow", data, end)
    lines = data.read_text("ascii").splitlines(keepends=True)
    then = end - HORIZON
    kept = [line for line in lines if line.split()[2] <= then.strftime("%Y%m%d")]
    assert 0.5 * len(lines) < len(kept) < len(lines)
    cut = tmp_path / "CDNOW_sample.txt"
    cut.write_text("".join(kept), "ascii")
    earlier = judged(models, "cdnow", cut, then)
    assert_same(later, earlier, [then - HORIZON, then - 2 * HORIZON])
    assert_same_knowledge(later, earlier, then)


# -- a generated shop with refunds --

END = date(2025, 1, 31)


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> dict:
    """Raw rows of 27 months; every 15th order is given back 100 days later.

    Without e-mails and phones: who is one person is known as of today, at every origin.
    """
    folder = tmp_path_factory.mktemp("generated") / "shop"
    size = ["--customers", "3000", "--months", "27", "--seed", "11", "--no-truth"]
    script = ROOT / "scripts/generate.py"
    subprocess.run([sys.executable, script, *size, "--out", folder], check=True)
    rows = {}
    for path in folder.glob("*.csv"):
        with open(path, encoding="utf-8", newline="") as file:
            rows[path.stem] = list(csv.DictReader(file))
    for row in rows["customers"] + rows["orders"]:
        row |= {"email": "", "phone": ""}
    for order in rows["orders"][::15]:
        day = local_day(order["ordered_at"], order["time_zone"])
        amounts = [order["gross_amount"], order["discount_amount"] or "0.00"]
        if not day or not all(re.fullmatch(r"\d+\.\d\d", text) for text in amounts):
            continue  # one of the generator's broken orders
        gross, discount = map(Decimal, amounts)
        refund = {
            "shop_id": order["shop_id"],
            "refund_id": f"late-{order['order_id']}",
            "order_id": order["order_id"],
            "refunded_at": str(day + timedelta(days=100)),
            "refund_amount": str(gross - discount),
        }
        rows["refunds"].append(refund)
    return rows


def until(shop, end: date, folder):
    """Files of the orders, their items and the refunds that were there on a day."""

    def kept(entity, column):
        for row in shop[entity]:
            day = local_day(row[column], row.get("time_zone"))
            if not day or day <= end:
                yield row

    orders = list(kept("orders", "ordered_at"))
    numbers = {(row["shop_id"], row["order_id"]) for row in orders}
    items = [
        row
        for row in shop["order_items"]
        if (row["shop_id"], row["order_id"]) in numbers
    ]
    refunds = list(kept("refunds", "refunded_at"))
    cut = {"orders": orders, "order_items": items, "refunds": refunds}
    return write_shop(folder, **shop | cut)


@pytest.fixture(scope="module")
def later(models, shop, tmp_path_factory):
    """All rows, as of a day with months after it."""
    folder = write_shop(tmp_path_factory.mktemp("all"), **shop)
    return judged(models, "standard", folder, END)


def test_a_later_refund_undid_earlier_purchases(later):
    """At each past origin dozens of purchase days that were to be undone."""
    undone = later.query(
        "select origin_date, sum(purchase_days) as days from int_later_refunds "
        "group by origin_date"
    )
    assert len(undone) == 4
    assert undone["days"].min() > 50


def test_rows_after_the_day_change_nothing(later, models, shop, tmp_path):
    """All origins, from the rows until the as-of date."""
    earlier = judged(models, "standard", until(shop, END, tmp_path / "cut"), END)
    assert_same(later, earlier, [END - HORIZON * step for step in (1, 2, 3)])


def test_rows_after_the_horizon_change_nothing(later, models, shop, tmp_path):
    """Two origins and the knowledge of a third, from the rows until that day."""
    then = END - HORIZON
    earlier = judged(models, "standard", until(shop, then, tmp_path / "cut"), then)
    assert_same(later, earlier, [then - HORIZON, then - 2 * HORIZON])
    assert_same_knowledge(later, earlier, then)
