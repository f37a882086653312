"""The chapters of the recomputation, on cases small enough to work out by hand."""

import datetime
import math
import statistics
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from scipy.special import betaln, digamma, gammaln, hyp2f1

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import recompute  # noqa: E402
import verify  # noqa: E402
from recomputed import lifecycle, prediction, timing, value  # noqa: E402
from recomputed import purchase_models as models  # noqa: E402

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
    def cycle(gaps, usual, prior):
        known = {"gaps": len(gaps), "median": statistics.median(gaps), "usual": usual}
        days, parts = pl.DataFrame([known]).select(*timing.cycle(prior)).row(0)
        return days and Fraction(days, parts)

    assert cycle([10], 15, 3) is None
    assert cycle([10, 20, 60], 15, 3) == Fraction(105, 6)
    assert cycle([10, 21], 15, 0) == Fraction(31, 2)


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


def test_a_month_that_scores_nobody_ends_all_runs(marts):
    settings = {"as_of_date": "2024-03-31", "rfm_lookback_days": 30}
    found = marts("A 2024-01-05", changed=settings)
    run = row(found["rfm_history"])
    assert run["valid_from_month"] == run["valid_to_month"] == DAY("2024-01-01")
    moves = found["rfm_migrations"].sort("snapshot_month")
    assert moves["snapshot_month"].to_list() == [DAY("2024-01-01"), DAY("2024-02-01")]
    assert moves["to_segment"][1] == "none" == moves["from_segment"][0]


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


# ---- the models of purchases ----

CDNOW = {"r": 0.2425982, "alpha": 4.4136842, "a": 0.7929899, "b": 2.4261667}


def customers(*rows):
    """Customers by repeats, days from the first to the last purchase, and to today."""
    return pl.DataFrame(rows, schema=["x", "last_age", "age"], orient="row")


def likelihood(model, x, t_x, t, r, alpha, a, b):
    """The published formulas: Fader et al. 2005, Batislam et al. 2007."""
    later = 0 if model == "bgnbd" else 1
    stays = betaln(a, b + x + later) - (r + x) * math.log(alpha + t)
    leaves = betaln(a + 1, b + x - 1 + later) - (r + x) * math.log(alpha + t_x)
    parts = [stays, leaves] if later or x else [stays]
    total = math.log(sum(math.exp(part) for part in parts))
    before = gammaln(r + x) - gammaln(r) + r * math.log(alpha) - betaln(a, b)
    return before + total


@pytest.mark.parametrize("model", models.MODELS)
def test_likelihood_of_purchases(model):
    people = [(0, 0, 70), (2, 213, 272), (2, 213, 272), (9, 100, 101)]
    point = (0.3, 5.0, 0.8, 2.5)
    fit = models.PurchaseModel(model, customers(*people))
    found, slope = fit.score([math.log(value) for value in point])
    assert found == pytest.approx(
        sum(likelihood(model, x, u / 7, t / 7, *point) for x, u, t in people), rel=1e-12
    )
    for i, part in enumerate(slope):
        sides = []
        for sign in (1, -1):
            moved = [
                math.log(value) + sign * 1e-5 * (i == j)
                for j, value in enumerate(point)
            ]
            sides.append(fit.score(moved)[0])
        assert part == pytest.approx((sides[0] - sides[1]) / 2e-5, rel=1e-7)


def test_likelihood_of_spend():
    people = [(1, 20.0), (3, 35.5), (3, 12.0)]
    frame = pl.DataFrame(people, schema=["x", "mean"], orient="row")
    p, q, v = 6.2, 3.7, 15.4
    expected = sum(
        gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * math.log(v)
        + (p * x - 1) * math.log(m) + p * x * math.log(x)
        - (p * x + q) * math.log(v + m * x)
        for x, m in people
    )  # fmt: skip
    fit = models.SpendModel(frame)
    found, slope = fit.score([math.log(value) for value in (p, q, v)])
    assert found == pytest.approx(expected, rel=1e-12)
    for i, part in enumerate(slope):
        sides = []
        for sign in (1, -1):
            moved = [math.log(value) for value in (p, q, v)]
            moved[i] += sign * 1e-5
            sides.append(fit.score(moved)[0])
        assert part == pytest.approx((sides[0] - sides[1]) / 2e-5, rel=1e-6)


@pytest.mark.parametrize("x", [1e-4, 0.3, 1, 9.99, 10, 250])
def test_digamma(x):
    assert models.digamma(x) == pytest.approx(digamma(x), rel=1e-13)


@pytest.mark.usefixtures("real_data")
def test_published_fit(real_data):
    """Of CDNOW by 30 September 1997; the slope is 0 at its top, to the last digits."""
    bought = {}
    with open(real_data / "cdnow/CDNOW_sample.txt") as lines:
        for line in lines:
            _, customer, day, *_ = line.split()
            if day <= "19970930":
                bought.setdefault(customer, set()).add(
                    datetime.datetime.strptime(day, "%Y%m%d").toordinal()
                )
    end = datetime.date(1997, 9, 30).toordinal()
    fit = models.PurchaseModel(
        "bgnbd",
        customers(
            *(
                (len(days) - 1, max(days) - min(days), end - min(days))
                for days in bought.values()
            )
        ),
    )
    found, top, is_fixed = models.maximize(fit)
    assert found == pytest.approx([0.24259, 4.41360, 0.79292, 2.42591], rel=5e-5)
    assert top == pytest.approx(-9582.4292, abs=5e-5) and is_fixed
    slope = fit.score([math.log(value) for value in found])[1]
    assert slope == pytest.approx([0] * 4, abs=1e-7)


def test_no_fit_where_nobody_drops_out():
    people = [(x, 7 * x, 7 * x + 3) for x in range(5, 15)]
    assert models.maximize(models.PurchaseModel("bgnbd", customers(*people))) is None


def outlook(model, people, days, **values):
    columns = [pl.lit(value).alias(name) for name, value in values.items()]
    told = models.with_chances(customers(*people).with_columns(columns), model)
    cases = told.with_columns(weeks=pl.lit(days / 7))
    return told["alive"].to_list(), (
        told["alive"] * models.expected_purchases(cases)
    ).to_list()


def test_published_expectations():
    # customer 1516 of CDNOW (there of 30.86 weeks), the paradox of frequency
    alive, expected = outlook("bgnbd", [(26, 216, 217)], 364, **CDNOW)
    assert alive == pytest.approx([0.9688523], abs=5e-7)
    assert expected == pytest.approx([25.75659], abs=1e-3)
    people = [(x, 140, 273) for x in (10, 15, 20, 25)]
    expected = outlook("bgnbd", people, 364, **CDNOW)[1]
    assert expected == pytest.approx(
        [0.34746, 0.042834, 0.004159, 0.00035837], rel=2e-5
    )


@pytest.mark.parametrize("model", models.MODELS)
@pytest.mark.parametrize("days", [30, 365])
def test_expectations_by_the_hypergeometric_function(model, days):
    people = [(0, 0, 0), (0, 0, 500), (1, 3, 3), (7, 50, 300), (150, 700, 712)]
    alive, found = outlook(model, people, days, **CDNOW)
    r, alpha, a, b = CDNOW.values()
    weeks, later = days / 7, 0 if model == "bgnbd" else 1
    for (x, _, age), chance, one in zip(people, alive, found, strict=True):
        rate = alpha + age / 7
        stay = b + x + later
        whole = a + stay - 1
        part = (rate / (rate + weeks)) ** (r + x) * hyp2f1(
            r + x, stay, whole, weeks / (rate + weeks)
        )
        assert one == pytest.approx(chance * whole / (a - 1) * (1 - part), rel=1e-9)


def test_expectation_at_a_of_1():
    # stay 1, shape 1: the mean over p of (1 - 1 / (1 + z p)) / p is ln(1 + z)
    case = {"shape": 1.0, "rate": 2.0, "a": 1.0, "stay": 1.0, "weeks": 6.0}
    found = models.expected_purchases(pl.DataFrame([case]))
    assert found.to_list() == pytest.approx([math.log(4)], rel=1e-12)


# ---- predictions ----

SOON = {"prediction_minimum_customers": 2, "prediction_minimum_days": 10}


def test_too_few_for_a_prediction(marts):
    found = marts("A 2024-01-01", "A 2024-01-31 30", "B 2024-03-01 5")
    parameters = found["model_parameters"]
    assert set(parameters["model_status"]) == {"insufficient_data"}
    assert parameters["value"].null_count() == len(parameters) == 11
    assert parameters.filter(pl.col("model") == "gamma_gamma")["customers"][0] == 1
    customer = row(found["customer_predictions"], btyd_frequency=1)
    assert customer["btyd_recency_weeks"] == 30 / 7
    assert customer["btyd_age_weeks"] == 60 / 7
    assert customer["predicted_clv"] is None
    assert customer["historic_clv"] == Decimal("130.00")
    assert customer["in_plain_words"].startswith("No prediction: too few")
    assert found["prediction_calibration"].is_empty()
    assert set(found["prediction_evaluation"]["model_status"]) == {"insufficient_data"}
    assert len(found["prediction_evaluation"]) == 10 * 3 * 7


def test_all_alike_fit_no_model(marts):
    found = marts("A 2024-01-01", "B 2024-01-01", "C 2024-02-01", changed=SOON)
    assert set(found["model_parameters"]["model_status"]) == {"degenerate_data"}


YEAR = (
    *("A 2024-01-01 10", "A 2024-02-10 30", "A 2024-07-10 50", "A 2024-08-01 5"),
    *("B 2024-01-01 20", "B 2024-04-20 1", "C 2024-06-01 40", "C 2024-06-20 1"),
    "D 2024-06-29 2",
    "- 2024-09-26",
)  # as of 26 September; 90 days before, 28 June, A, B and C are customers


def judged(found, model, metric):
    rows = found["prediction_evaluation"].filter(pl.col("origin") == DAY("2024-06-28"))
    return row(rows, model=model, metric=metric)


def test_rules_of_thumb(marts):
    found = marts(*YEAR, changed=SOON)
    assert judged(found, "zero", "bias")["customers"] == 3
    # A bought twice in the 90 days after, B and C did not
    assert judged(found, "zero", "bias")["value"] == pytest.approx(-2 / 3)
    assert judged(found, "zero", "rmse")["value"] == pytest.approx(math.sqrt(4 / 3))
    assert judged(found, "zero", "false_alarm_rate")["value"] == pytest.approx(1 / 3)
    assert judged(found, "zero", "poisson_deviance")["value"] is None
    # 30 March is no more among the last 90 days: B's 20 April is, and C's two days
    last = judged(found, "last_period", "bias")["value"]
    assert last == pytest.approx((0 + 1 + 2 - 2) / 3)
    assert judged(found, "last_period", "auc")["value"] == 0
    assert judged(found, "last_period", "brier")["value"] == 1
    assert judged(found, "last_period", "false_alarm_rate")["value"] == 1
    # A and B were here for 179 days, C for 27
    rates = [90 / 179, 90 / 179, 90 / 27]
    own = judged(found, "own_rate", "bias")["value"]
    assert own == pytest.approx((sum(rates) - 2) / 3)
    chances = [1 - math.exp(-rate) for rate in rates]
    brier = ((1 - chances[0]) ** 2 + chances[1] ** 2 + chances[2] ** 2) / 3
    assert judged(found, "own_rate", "brier")["value"] == pytest.approx(brier)
    # C is ahead of A, and A ties with B
    assert judged(found, "own_rate", "auc")["value"] == 0.25
    # a tenth of three customers is on top: none of A's
    assert judged(found, "own_rate", "top_decile_capture")["value"] == 0
    hiatus = marts(*YEAR, changed=SOON | {"lapse_days": 138})
    assert judged(hiatus, "hiatus", "false_alarm_rate")["value"] == 1  # A, for 139 days


def test_rules_that_learn(marts):
    found = marts(*YEAR, changed=SOON)
    # until 30 March A and B were customers, and in the 90 days since B bought once
    assert judged(found, "mean", "bias")["value"] == pytest.approx(0.5 - 2 / 3)
    # then B had been silent for 89 days (2 months) and A for 49 (1)
    # on 28 June A for 139 (4: nobody alike), B for 69 (2), C for 8 (0: nobody)
    recency = judged(found, "recency", "bias")["value"]
    assert recency == pytest.approx((0.5 + 1 + 0.5 - 2) / 3)
    # by then A (2 purchase days) was like C and like B with 2 each
    frequency = judged(found, "frequency", "bias")["value"]
    assert frequency == pytest.approx((0 + 0 + 0 - 2) / 3)
    deciles = found["prediction_calibration"].filter(
        (pl.col("origin") == DAY("2024-06-28")) & (pl.col("model") == "recency")
    )
    # B first: the middle of its place is 1/6 of all; A and C share the rest: 4/6
    assert deciles.sort("decile").select("decile", "customers", "actual").rows() == [
        (2, 1, 0.0),
        (7, 2, 1.0),
    ]


def test_refunds_are_not_known_before_they_are_made(marts):
    refund = "refund_id,order_id,refunded_at,refund_amount\n1,2,{},50\n"
    after = marts(*YEAR, changed=SOON, refunds=refund.format("2024-09-26"))
    # A's purchase of 10 July was undone before the horizon was over: one is left
    assert judged(after, "zero", "bias")["value"] == pytest.approx(-1 / 3)
    refund = "refund_id,order_id,refunded_at,refund_amount\n1,5,{},1\n"
    known = marts(*YEAR, changed=SOON, refunds=refund.format("2024-06-28"))
    late = marts(*YEAR, changed=SOON, refunds=refund.format("2024-06-29"))
    # B's second purchase, given back on the day of the origin or on the day after
    lately = [judged(f, "last_period", "bias")["value"] for f in (known, late)]
    assert lately == pytest.approx([0, 1 / 3])
    now = row(known["customer_predictions"], historic_clv=Decimal("20.00"))
    assert now["btyd_frequency"] == 0


def test_weights_are_drawn_from_a_hash():
    weights = prediction.weights()
    assert len(weights) == 200 and all(len(own) == 100 for own in weights)
    # md5 of 1|0: 3baf8cec88b311a, mod 1e6 / 1e6 = 0.482522, of 0: 0.368, 1: 0.736
    assert weights[0][0] == 1
    drawn = [weight for own in weights for weight in own.values()]
    # Poisson with mean 1: error 1 / sqrt(20000)
    assert sum(drawn) / len(drawn) == pytest.approx(1, abs=0.03)
    assert drawn.count(0) / len(drawn) == pytest.approx(math.exp(-1), abs=0.015)


def test_smallest_with_a_share():
    values = list(range(200, 0, -1))
    assert [prediction.smallest(values, p) for p in (2.5, 97.5)] == [5, 195]


def test_area_is_shared_out():
    told = pl.DataFrame({"expected": [3.0, 1.0, 2.0, 1.0], "bought": [1, 2, 0, 0]})
    found = prediction.shares(told)
    # the first buyer is ahead of both others, the second behind one and level with one
    assert found["right"].to_list() == [1, 0.25, 0.5, 0.75]
    assert found["owed"].to_list() == pytest.approx([1.375, -0.125, 0.375, 0.875])
    assert found["owed"].mean() == pytest.approx(0.625)
    # 0.4 of a customer is on top
    assert found["on_top"].to_list() == pytest.approx([0.4, 0, 0, 0])
    nobody = prediction.shares(told.with_columns(bought=pl.lit(0)))
    assert nobody["owed"].is_nan().all()


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
    assert "customer_predictions" not in part
