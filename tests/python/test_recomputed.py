"""The chapters of the recomputation, on cases small enough to work out by hand."""

import datetime
import math
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import recompute  # noqa: E402
import verify  # noqa: E402
from recomputed import lifecycle, timing, value  # noqa: E402

DAY = datetime.date.fromisoformat
ORDERS = "order_id,customer_id,ordered_at,status,currency,channel,gross_amount"


@pytest.fixture
def marts(tmp_path):
    """The marts recomputed from `customer date [gross [channel]]` per order."""

    def run(*orders, changed=None, sample=1, **entities):
        lines = [ORDERS]
        for number, row in enumerate(orders):
            customer, moment, *rest = row.split()
            gross, channel = [*rest, *["100", ""][len(rest) :]]
            customer = "" if customer == "-" else customer
            lines.append(f"{number},{customer},{moment},paid,CNY,{channel},{gross}")
        for entity, text in {"orders": "\n".join(lines), **entities}.items():
            (tmp_path / f"{entity}.csv").write_text(text.strip() + "\n", "utf-8")
        v = verify.load_vars(changed or {}, None)
        v["connectors"] = {"standard": {}}
        rows, has = verify.read_inputs([("standard", str(tmp_path))], v, "secret")
        return recompute.recompute(rows, has, v, verify.load_rules(), sample)

    return run


def row(frame, **where):
    """The one row with these values."""
    for name, wanted in where.items():
        frame = frame.filter(pl.col(name).eq_missing(pl.lit(wanted)))
    return frame.row(0, named=True) if len(frame) == 1 else frame.to_dicts()


# ---- timing ----


def test_survival_is_the_product_over_risk_sets():
    # 1 - 1/5; then 2 of 4 on a day that one leaves open; then 1 of 1
    curve = timing.Curve([3, 5, 5, 5, 9], [True, True, True, False, True])
    rows = list(curve.rows())
    assert [r[:4] for r in rows] == [
        (0, 5, 0, 0),
        (3, 5, 1, 0),
        (5, 4, 2, 1),
        (9, 1, 1, 0),
    ]
    assert [r[4] for r in rows] == pytest.approx([1, 0.8, 0.4, 0])
    assert rows[0][6:9] == (0, 1, 1)
    error = 0.4 * math.sqrt(1 / (5 * 4) + 2 / (4 * 2))
    assert rows[2][6] == pytest.approx(error)
    assert rows[3][6:9] == (None, None, None)
    assert [curve.first_at_most(percent) for percent in (75, 50, 25)] == [5, 5, 9]


def test_a_survival_of_exactly_a_half_is_at_most_a_half():
    # twelve factors (n - 1) / n whose doubles multiply to a little more than 12/24
    curve = timing.Curve([*range(1, 13), *[99] * 12], [True] * 12 + [False] * 12)
    assert curve.survival[12] > 0.5 and curve.exactly(12) == Fraction(1, 2)
    assert curve.first_at_most(50) == 12


def test_open_gaps_only_never_fall():
    curve = timing.Curve([4, 9], [False, False])
    assert (
        curve.first_at_most(75) is None and curve.seen(4) == 2 and curve.seen(10) == 0
    )


def test_gaps_and_sequence(marts):
    found = marts("A 2024-01-01", "A 2024-01-11", "A 2024-07-09", "B 2024-01-11 40")
    gaps = found["purchase_gaps"]
    pooled = row(gaps, purchase_number=None)
    assert [pooled[name] for name in ("gaps", "open_gaps", "p50", "p75", "mean")] == [
        *(2, 2, 10, 180, 95.0),
    ]
    # at risk 4, 3, 3 on days 0 (A's third is open since today), 10, 180
    assert pooled["km_p75"] is None and pooled["km_p25"] == 10
    first = row(found["order_sequence"], purchase_number=1)
    assert first["customers_reaching"] == 2 and first["continuation_rate"] == 0.5
    assert first["is_mature_180d"] and first["continuing_customers_180d"] == 1
    second = row(found["order_sequence"], purchase_number=2)
    # 180 days after the second are over on 9 July, its last day, which counts
    assert (second["eligible_customers_180d"], second["continuing_customers_180d"]) == (
        *(1, 1),
    )
    assert first["average_order_value"] == Decimal("70.00")


def test_cycle_of_a_customer():
    assert timing.cycle([10], 15, 3) is None
    assert timing.cycle([10, 20, 60], 15, 3) == Fraction(105, 6)
    assert timing.cycle([10, 21], 15, 0) == Fraction(31, 2)


def test_cycles(marts):
    days = ["2024-01-01", "2024-01-11", "2024-01-31"]
    found = marts(*(f"A {day}" for day in days), "B 2024-03-01")["purchase_cycles"]
    regular = row(found, gaps=2)
    # own median 15, usual 10 (the lower of two), three gaps of it: (30 + 30) / 5
    assert (regular["median_gap_days"], regular["usual_gap_days"]) == (15.0, 10)
    assert regular["cycle_days"] == 12.0
    assert regular["expected_next_purchase_date"] == DAY("2024-02-12")
    assert regular["overdue_ratio"] == 2.5
    assert regular["gap_cv"] == pytest.approx(math.sqrt(50) / 15)
    once = row(found, gaps=0)
    assert once["cycle_days"] is None and once["median_gap_days"] is None


# ---- life cycle ----


def test_growth(marts):
    found = marts(
        *("A 2024-01-05 10", "B 2024-01-06 20", "A 2024-02-05 30", "B 2024-03-01 5"),
        "- 2024-02-01",
    )["growth_accounting"].filter(pl.col("period_type") == "month")
    january, february, march = found.sort("period_start").iter_rows(named=True)
    assert (january["active"], january["new"], january["churned"]) == (2, 2, 0)
    assert january["quick_ratio"] is None
    assert (february["retained"], february["churned"], february["quick_ratio"]) == (
        *(1, 1, 0.0),
    )
    assert february["expansion_revenue"] == Decimal("20.00")
    assert february["churned_revenue"] == Decimal("20.00")
    assert (march["reactivated"], march["is_complete"]) == (1, False)
    assert march["churned"] is None and march["churned_revenue"] is None


@pytest.mark.parametrize(
    ("number", "before", "recency", "expected"),
    [
        (2, 181, 90, "reactivated"),
        (2, 180, 90, "active"),
        (2, 181, 91, "at_risk"),
        (1, None, 90, "new"),
        (1, None, 180, "at_risk"),
        (1, None, 181, "lapsed"),
        (5, 3, 365, "lapsed"),
        (5, 3, 366, "lost"),
    ],
)
def test_states(number, before, recency, expected):
    v = verify.load_vars({}, None)
    frame = pl.DataFrame(
        {"number": number, "before": before, "recency": recency},
        schema_overrides={"before": pl.Int64},
    )
    assert frame.select(lifecycle.state(v)).item() == expected


def test_transitions(marts):
    limits = {"active_days": 20, "lapse_days": 40, "lost_days": 60}
    found = marts("A 2024-01-20", "B 2024-03-31", changed=limits)
    moves = found["lifecycle_transitions"].sort("month_start", "from_state")
    assert moves.select("from_state", "to_state", "customers").rows() == [
        ("none", "new", 1),
        ("new", "at_risk", 1),  # 40 days on 29 February
        ("at_risk", "lost", 1),  # 71 days
        ("none", "new", 1),
    ]


def test_reactivations(marts):
    refunds = (
        "refund_id,order_id,customer_id,refunded_at,refund_amount,currency\n"
        "1,,A,2024-06-01,7,CNY\n2,,A,2024-12-24,5,CNY\n"
    )
    found = marts(
        *("A 2024-01-01 10", "A 2024-06-29 20", "A 2024-12-27 30 shop"),
        *("A 2024-12-27T10:00Z 40 web", "B 2024-01-01 1", "B 2024-06-29 1"),
        refunds=refunds,
    )["reactivations"]
    assert found["gap_days"].to_list() == [181]  # 180 days are not enough
    back = found.row(0, named=True)
    assert back["reactivated_on"] == DAY("2024-12-27")
    assert (back["purchases_before"], back["purchases_after"]) == (2, 1)
    assert back["net_amount_before"] == Decimal("18.00")
    assert back["net_amount_after"] == Decimal("70.00")
    assert back["channel"] == "shop"


def test_churn(marts):
    changed = {"lapse_days": 30, "as_of_date": "2025-03-31"}
    found = marts(
        *("A 2024-01-01", "A 2024-03-05"),  # silent for 31 days on 1 February
        *("B 2024-01-02", "B 2024-02-02"),  # bought on the 31st day: no alarm
        *("C 2024-01-31", "C 2025-03-02"),  # alarm on 2 March, back on its 365th day
        "D 2025-03-31",
        changed=changed,
    )["churn_rates"].filter(pl.col("definition") == "fixed")
    february, march = (
        row(found, month_start=DAY(d)) for d in ("2024-02-01", "2024-03-01")
    )
    assert (february["customers_at_start"], february["churned"]) == (3, 1)
    assert (february["came_back_within_365d"], february["false_alarm_rate"]) == (1, 1.0)
    # B's silence since 2 February ends its time on 4 March
    assert (march["customers_at_start"], march["churned"]) == (2, 2)
    assert (march["came_back_within_365d"], march["false_alarm_rate"]) == (1, 0.5)
    april = row(found, month_start=DAY("2024-04-01"))
    assert (april["customers_at_start"], april["churned"], april["is_mature"]) == (
        *(1, 1, False),  # A on 5 April: 365 days are over on 5 April 2025
    )
    assert april["false_alarm_rate"] is None


def test_odds():
    odds, low, high = lifecycle.odds_ratio(10, 20, 30, 40)
    spread = 1.959963984540054 * math.sqrt(1 / 10 + 1 / 20 + 1 / 30 + 1 / 40)
    assert odds == pytest.approx(2 / 3)
    assert (low, high) == pytest.approx(
        (odds * math.exp(-spread), odds * math.exp(spread))
    )
    assert lifecycle.odds_ratio(1, 0, 1, 1)[0] == pytest.approx(1.5 * 1.5 / (0.5 * 1.5))
    assert lifecycle.odds_ratio(3, 4, 0, 0) == (None, None, None)


# ---- RFM history ----


def test_rfm_history_and_migrations(marts):
    found = marts(
        *("A 2024-01-05", "B 2024-02-05", "B 2024-02-06"),
        changed={"as_of_date": "2024-04-15", "rfm_lookback_days": 60},
    )
    runs = found["rfm_history"].sort("valid_from_month", "customer_key")
    assert set(runs["valid_from_month"]) <= {DAY(f"2024-0{m}-01") for m in (1, 2, 3)}
    # A is out of the look-back on 31 March; B's last run goes on
    assert runs.filter(pl.col("valid_to_month").is_null()).height == 1
    moves = (
        found["rfm_migrations"]
        .group_by("snapshot_month")
        .agg(pl.col("customers").sum())
    )
    assert moves.sort("snapshot_month")["customers"].to_list() == [1, 2, 2]
    gone = row(found["rfm_migrations"], to_segment="none")
    assert gone["net_amount"] == Decimal("100.00")
    cuts = found["rfm_threshold_history"]
    # 1 January + 180 days is not over: the last month that is
    assert cuts.filter("is_base")["snapshot_month"].unique().to_list() == [
        DAY("2024-03-01")
    ]


# ---- value ----


def test_lifetime_value(marts):
    customer = marts(
        *("A 2024-01-01 10", "A 2024-01-31 20", "A 2024-02-01 40"),
        changed={"as_of_date": "2024-03-31"},
    )["fct_customers"].row(0, named=True)
    assert customer["ltv_30d"] == Decimal("30.00")  # day 30 is in
    assert customer["ltv_90d"] == Decimal("70.00")  # its last day is the as-of date
    assert customer["ltv_180d"] is None
    assert customer["historic_clv"] == Decimal("70.00")


def test_calendar_and_layers(marts):
    found = marts(
        *("A 2024-01-05 10", "A 2024-02-05 20", "- 2024-02-05 5"),
        refunds="refund_id,order_id,refunded_at,refund_amount\n1,0,2024-02-06,4\n",
        changed={"as_of_date": "2024-02-07"},
    )
    days = found["calendar_revenue"]
    assert len(days) == 34
    first = row(days, date_day=DAY("2024-01-05"))
    assert first["net_amount_by_order_date"] == Decimal("6.00")
    assert first["refund_amount_by_refund_date"] == 0
    second = row(days, date_day=DAY("2024-02-05"))
    assert (second["orders"], second["customers"], second["guest_orders"]) == (2, 1, 1)
    assert second["returning_customer_net_amount"] == Decimal("20.00")
    till = row(days, date_day=DAY("2024-02-06"))
    assert till["refund_amount_by_refund_date"] == Decimal("4.00")
    cake = found["revenue_layer_cake"].sort("month_start", "cohort_quarter")
    assert cake["customers"].to_list() == [None, 1, None, 1]
    assert cake["is_complete"].to_list() == [True, True, False, False]


def test_concentration(marts):
    found = marts("A 2024-01-01 1", "B 2024-01-01 3")["revenue_concentration"]
    assert found.sort("decile")["customers"].to_list() == [1, *[0] * 4, 1, *[0] * 4]
    # 2 x (1 x 1 + 2 x 3) / (2 x 4) - 3 / 2
    assert found["gini"].unique().to_list() == [0.25]
    assert found.sort("decile")["cumulative_share"].to_list() == [0.75] * 5 + [1.0] * 5


def test_moving_average():
    assert value.moving_average([1, 2, 6], 3) == [None, 3, None]
    # (1/2 + 2 + 3 + 4 + 9/2) / 4
    assert value.moving_average([1, 2, 3, 4, 9], 4)[2] == Fraction(7, 2)


def test_seasons_of_a_short_time(marts):
    found = marts("A 2024-01-01", "A 2024-01-20")["seasonality"]
    assert len(found) == 12 + 7 + 5
    long = found.filter(pl.col("period_type") != "weekday")
    assert set(long["reason"]) == {"under_24_months"} and not long["index"].count()
    assert row(found, period_type="weekday", period=1)["orders"] == 1


def test_purchase_times(marts):
    found = marts(
        *("A 2024-01-01T01:30:00+08:00", "B 2024-01-01", "C 2024-01-07T00:00:00+08:00"),
        changed={"as_of_date": "2024-01-07"},
    )["purchase_times"]
    assert len(found) == 168 and found["orders"].sum() == 2
    monday = row(found, weekday=1, hour=1)
    # 1 order in 1 hour, against 2 in 168
    assert (monday["elapsed_hours"], monday["index"]) == (1, 84.0)
    assert monday["orders_without_time"] == 1
    assert row(found, weekday=7, hour=0)["orders"] == 1  # midnight, not a day alone


def test_no_times_no_purchase_times(marts):
    assert marts("A 2024-01-01")["purchase_times"].is_empty()


def test_by_first_attribute(marts):
    found = marts(
        *("A 2024-01-01 10 web", "A 2024-02-01 10 web", "B 2024-02-01 30 web"),
        *("C 2024-01-01 50",),
        changed={"as_of_date": "2024-02-29", "minimum_group_customers": 1},
    )["cohort_retention_by_first_attribute"]
    assert set(found["attribute"]) == {"channel"}  # the shop knows nothing else
    now = row(found, value="web", period_number=1)
    assert (now["cohort_size"], now["eligible_customers"], now["is_mature"]) == (
        *(2, 1, False),  # B's month after the first is not there yet
    )
    assert now["retention_rate"] == 1.0 and now["retention_difference"] == 0.5
    assert now["cumulative_net_amount"] == Decimal("50.00")
    assert now["cumulative_ltv"] == Decimal("20.00")
    assert now["cumulative_ltv_difference"] == Decimal("-15.00")
    assert row(found, value="(none)", period_number=1)["cumulative_ltv"] == 50


# ---- products and profiles ----

ITEMS = (
    "order_id,line_number,product_id,quantity,unit_price\n"
    "0,1,p,1,50\n0,2,q,1,50\n1,1,p,1,60\n1,2,q,1,40\n2,1,q,1,100\n"
)
PAIRS = {"affinity_minimum_together": 1}


def test_products(marts):
    found = marts(
        *("A 2024-01-01", "A 2024-01-31", "B 2024-02-01"),
        order_items=ITEMS,
        changed=PAIRS | {"as_of_date": "2024-04-30"},
    )
    q = row(found["product_performance"], product_id="q")
    assert (q["orders"], q["customers"], q["repeat_buyers"]) == (3, 2, 1)
    assert (q["eligible_customers_90d"], q["repeat_buyer_rate_90d"]) == (1, 1.0)
    assert (q["first_orders"], q["customer_orders"]) == (2, 3)
    assert (q["median_reorder_days"], q["km_median_reorder_days"]) == (30, None)
    pair = row(found["product_affinity"], basis="order")
    assert (pair["baskets"], pair["together"], pair["lift"]) == (3, 2, 1.0)
    assert pair["support"] == 2 / 3 and pair["leverage"] == 0
    assert row(found["product_affinity"], basis="customer")["together"] == 1
    steps = found["next_products"]
    assert steps["transitions"].to_list() == [1] * 4
    assert steps["steps"].unique().to_list() == [1]


def test_large_baskets_are_left_out(marts):
    found = marts(
        *("A 2024-01-01", "A 2024-01-31", "B 2024-02-01"),
        order_items=ITEMS,
        changed=PAIRS | {"affinity_maximum_products": 1},
    )
    assert found["product_affinity"].is_empty() and found["next_products"].is_empty()


def test_channels(marts):
    found = marts(
        *("A 2024-01-01 10 web", "A 2024-03-31 20 shop", "- 2024-03-31 5"),
        changed={"as_of_date": "2024-03-31"},
    )["channel_performance"]
    web, shop, none = (row(found, channel=name) for name in ("web", "shop", "(none)"))
    assert (web["new_customers"], web["repurchase_rate_90d"]) == (1, 1.0)
    assert (shop["customers"], shop["new_customers"], shop["ci_low"]) == (1, 0, None)
    assert (none["orders"], none["customers"]) == (1, 0)


def test_profile(marts):
    found = marts(
        *("A 2024-01-01 10 web", "A 2024-01-11 20 shop", "B 2024-01-01"),
        changed={"as_of_date": "2024-08-01"},
        sample=1,
    )["customer_profiles"]
    customer = row(found, customer_id="A")
    assert customer["preferred_channel"] == "shop"  # one order each: the latest
    assert customer["preferred_weekday"] == 4
    assert customer["preferred_hour_band"] is None
    assert customer["products_bought"] is None and customer["reactivations"] == 0
    assert (customer["value_decile"], customer["risk"]) == (6, "high")


def test_sample_follows_customers_only(marts):
    rows = [f"C{i} 2024-01-{1 + i % 28:02d}" for i in range(20)]
    rows += [f"C{i} 2024-12-01" for i in range(20)]
    whole, part = marts(*rows), marts(*rows, sample=3)
    some = whole["reactivations"].filter(pl.col("customer_key") % 3 == 0)
    assert 0 < len(some) < 20
    assert part["reactivations"].sort("customer_key").equals(some.sort("customer_key"))
    assert "rfm_history" not in part and "purchase_cycles" not in part
