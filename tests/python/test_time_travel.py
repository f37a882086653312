"""The past can be rebuilt: a build as of a day knows nothing of what came later."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import parity
import pytest
from conftest import MARTS

pytestmark = pytest.mark.slow

AS_OF = date(2024, 5, 31)  # a Friday: week, month and quarter end apart
AUDIT = ["rejected_rows", "source_reconciliation"]


def local_day(text: str, zone: str | None) -> date | None:
    """The local day of a date-time; None where time or zone cannot be read."""
    try:
        moment = datetime.fromisoformat(text)
        shop = ZoneInfo(zone or "Asia/Shanghai")
    except (ValueError, ZoneInfoNotFoundError):
        return None
    if len(text) == 10:
        return moment.date()
    return (
        (moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        .astimezone(shop)
        .date()
    )


def until(rows: list[dict], column: str) -> list[dict]:
    """Rows up to the as-of date, with those that have no day."""
    days = [local_day(row[column], row.get("time_zone")) for row in rows]
    return [row for row, day in zip(rows, days, strict=True) if not day or day <= AS_OF]


@pytest.fixture(scope="module")
def truncated_rows(demo_rows):
    """The demo's raw rows as they were on the as-of date."""
    orders = until(demo_rows["orders"], "ordered_at")
    kept = {(row["shop_id"], row["order_id"]) for row in orders}
    items = [
        row
        for row in demo_rows["order_items"]
        if (row["shop_id"], row["order_id"]) in kept
    ]
    refunds = until(demo_rows["refunds"], "refunded_at")
    return demo_rows | {"orders": orders, "order_items": items, "refunds": refunds}


@pytest.fixture(scope="module")
def then(build_shop, demo_rows):
    """All rows, as of the day."""
    return build_shop("--currency", "CNY", "--as-of", AS_OF, **demo_rows)


@pytest.fixture(scope="module")
def truncated(build_shop, truncated_rows):
    """Only the rows of the day, and no --as-of: the day is the last order's."""
    return build_shop("--currency", "CNY", **truncated_rows)


def test_something_is_cut_off(demo_rows, truncated_rows):
    """The day lies in the middle: orders, items and refunds follow it."""
    for entity in ("orders", "order_items", "refunds"):
        share = len(truncated_rows[entity]) / len(demo_rows[entity])
        assert 0.2 < share < 0.8, entity


def near(rows: list[tuple], mart: str) -> list[tuple]:
    """Doubles to 12 digits: they are added up in any order. A search ends near by."""
    relative, absolute = (
        parity.TOLERANCE_OF_FITS if mart in parity.FITTED else (1e-12, 0)
    )
    return [
        tuple(
            pytest.approx(c, rel=relative, abs=absolute) if type(c) is float else c
            for c in row
        )
        for row in rows
    ]


@pytest.mark.parametrize("mart", [m for m in MARTS if m not in AUDIT])
def test_later_rows_change_nothing(then, truncated, mart):
    """A build as of a day equals a build of the input cut off at it, cell by cell."""
    rows = then.mart(mart)
    assert rows == near(truncated.mart(mart), mart)
    assert rows


def test_what_came_later_is_accounted_for(then, truncated):
    """Orders after the day are rejected as such, and were not there in the other."""
    query = "select count(*) from rejected_rows where reason_code = 'after_as_of_date'"
    (later,) = then.row(query)
    assert later > 1000
    assert truncated.row(query) == (0,)
    accepted = "entity, accepted_rows, accepted_amount, excluded_rows, difference_rows"
    assert then.mart("source_reconciliation", accepted) == truncated.mart(
        "source_reconciliation", accepted
    )


def test_nothing_is_dated_later(then):
    """No date of any mart lies after the as-of date, but for those expected."""
    columns = then.rows(
        "select table_name, column_name from duckdb_columns() where schema_name = "
        "'marts' and data_type = 'DATE' and column_name not like '%next_purchase_date'"
    )
    assert len(columns) > 15
    for mart, column in columns:
        (latest,) = then.row(f"select max({column}) from {mart}")
        assert latest <= AS_OF, (mart, column)
