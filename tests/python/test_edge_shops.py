"""Shops that are odd as a whole: shuffled, doubled, moved, tiny, empty, joined."""

import csv
import json
import random
import re
from datetime import date, datetime, timedelta
from decimal import Decimal

import duckdb
import pytest
from conftest import FIXTURES, MARTS, ROOT, write_shop

WEEK = timedelta(days=7)
EMPTY_WITHOUT_CUSTOMERS = [
    "fct_customers",
    "rfm_scores",
    "rfm_thresholds",
    "cohort_retention",
    "cohort_retention_averages",
    "repurchase_rates",
    "repurchase_rates_by_period",
]
AUDIT = ["rejected_rows", "source_reconciliation"]
ESTIMATES = [
    "customer_predictions",
    "model_parameters",
    "prediction_evaluation",
    "prediction_calibration",
]
REASONS = "connector, entity, reason_code, raw_values"


def order(number, customer="", day="2024-01-01", gross="10.00", **more) -> dict:
    """A completed order in CNY."""
    return {
        "order_id": number,
        "customer_id": customer,
        "ordered_at": day,
        "status": "completed",
        "currency": "CNY",
        "gross_amount": gross,
    } | more


def same_marts(one, other, marts):
    """Marts are equal row by row and cell by cell; sums of estimates depend on their
    order in the last digits."""
    for mart in marts:
        rows, wanted = one.mart(mart), other.mart(mart)
        if mart not in ESTIMATES:
            assert rows == wanted, mart
            continue
        assert len(rows) == len(wanted), mart
        for row, wanted_row in zip(rows, wanted, strict=True):
            for cell, wanted_cell in zip(row, wanted_row, strict=True):
                if isinstance(wanted_cell, float):
                    wanted_cell = pytest.approx(wanted_cell, rel=1e-8, abs=1e-12)
                assert cell == wanted_cell, (mart, row, wanted_row)


def only_segment_names(build, as_of):
    """All 11 segments are listed, and nobody is in them."""
    assert build.rows(
        "select distinct as_of_date, customers, customer_share, orders, net_amount, "
        "revenue_share, average_recency_days, average_order_value from rfm_segments"
    ) == [(as_of, 0, None, 0, Decimal("0.00"), None, None, None)]
    assert build.row("select count(distinct rfm_segment) from rfm_segments") == (11,)


# -- the same shop in another form --


@pytest.mark.slow
def test_row_order_does_not_matter(build_shop, demo, demo_rows):
    """Shuffled files of the demo give every mart of the demo, cell by cell."""
    shuffle = random.Random(1)
    shuffled = {e: shuffle.sample(rows, len(rows)) for e, rows in demo_rows.items()}
    found = build_shop("--currency", "CNY", **shuffled)
    same_marts(found, demo, [m for m in MARTS if m != "rejected_rows"])
    assert found.mart("rejected_rows", REASONS) == demo.mart("rejected_rows", REASONS)


@pytest.mark.slow
def test_loading_a_file_twice_changes_nothing(build_shop, demo, demo_rows):
    """A copy of every file is superseded row by row; only the audit shows it."""
    again = {f"{entity}_again": rows for entity, rows in demo_rows.items()}
    found = build_shop("--currency", "CNY", **demo_rows, **again)
    same_marts(found, demo, [m for m in MARTS if m not in AUDIT])
    twice = sorted(demo.mart("rejected_rows", REASONS) * 2)
    assert found.mart("rejected_rows", REASONS) == twice
    counts = "entity, accepted_rows, superseded_rows, rejected_rows, difference_rows"
    expected = [
        (entity, accepted, accepted + 2 * superseded, 2 * rejected, 0)
        for entity, accepted, superseded, rejected, _ in demo.mart(
            "source_reconciliation", counts
        )
    ]
    assert found.mart("source_reconciliation", counts) == expected


def moved(text: str) -> str:
    """A date-time text a week later; what is no date-time stays."""
    try:
        day = date.fromisoformat(text[:10]) + WEEK
    except ValueError:
        return text
    return day.isoformat() + text[10:]


@pytest.mark.slow
def test_weekly_marts_move_with_the_dates(build_shop, demo, demo_rows):
    """All dates a week later: weekly figures are the same, a week later."""
    times = ("ordered_at", "updated_at", "refunded_at")
    later = {
        entity: [
            {name: moved(v) if name in times else v for name, v in row.items()}
            for row in rows
        ]
        for entity, rows in demo_rows.items()
    }
    found = build_shop("--currency", "CNY", **later)
    # Money is left out: days have their own exchange rates.
    shifted = {
        "cohort_retention": """
            cohort_start, as_of_date | period_number, cohort_size, eligible_customers,
            active_customers, orders, retention_rate, repurchasers_to_date,
            cumulative_repurchase_rate, cumulative_repurchase_ci_low, is_mature""",
        "cohort_retention_averages": """
            as_of_date | period_number, is_left_censored_excluded, cohorts,
            eligible_customers, retention_rate, cumulative_repurchase_rate""",
        "repurchase_rates_by_period": """
            period_start, as_of_date | buyers, repeat_customer_rate,
            next_period_repurchase_rate, repeat_order_share, returning_customer_share,
            is_mature, is_next_period_mature""",
    }
    for mart, columns in shifted.items():
        days, rest = columns.split("|")
        days = [f"({day} + ?::int)::date" for day in days.split(",")]
        query = (
            f"select {', '.join(days)}, {rest} from {mart} "
            "where period_type = 'week' order by all nulls first"
        )
        expected = demo.rows(query, *[7] * len(days))
        assert len(expected) > 100
        assert found.rows(query, *[0] * len(days)) == expected, mart
    scores = "customer_key, recency_days, frequency, r_score, f_score, rfm_segment"
    assert found.mart("rfm_scores", scores) == demo.mart("rfm_scores", scores)
    rates = (
        "select * exclude (as_of_date) from repurchase_rates "
        "where cohort_start is null order by all"
    )
    assert found.rows(rates) == demo.rows(rates)


# -- the smallest shops --


@pytest.fixture(scope="module")
def no_orders(build_shop):
    """A file with a header and no rows."""
    return build_shop(orders=",".join(order(1)))


def test_no_orders(no_orders):
    """Without orders everything is empty and nothing is 0 that is unknown."""
    rows = {mart: len(no_orders.mart(mart)) for mart in MARTS}
    some = {mart: count for mart, count in rows.items() if count}
    assert some == {
        "lifecycle_limits": 3,  # the limits in use
        "rfm_segments": 11,  # every name
        "seasonality": 24,  # every month, weekday and holiday, with its reason
        "source_reconciliation": 2,
    }
    only_segment_names(no_orders, None)
    zero = Decimal("0.00")
    expected = [
        ("standard", entity, None, 0, 0, 0, 0, 0, *[zero] * 5, 0, zero)
        for entity in ("orders", "refunds")
    ]
    assert no_orders.mart("source_reconciliation") == expected


def test_no_orders_summary(no_orders):
    """The summary of an empty shop shows no rate, not 0 %."""
    assert "nobody's 90 days are over" in no_orders.output
    assert "%" not in no_orders.output


@pytest.fixture(scope="module")
def one_order(build_shop):
    """One order of one customer."""
    return build_shop(orders=[order("1", "A", "2024-02-28", "99.90")])


def test_one_order(one_order):
    """One order: one customer of tenure 0, scored like everybody at the cut points."""
    day = date(2024, 2, 28)
    assert one_order.row(
        "select order_number, purchase_number, is_first_order, is_repeat_order, "
        "days_since_previous_purchase, days_since_first_purchase, net_amount "
        "from fct_orders"
    ) == (1, 1, True, False, None, 0, Decimal("99.90"))
    assert one_order.row(
        "select customer_id, as_of_date, first_purchase_date, last_purchase_date, "
        "second_purchase_date, cohort_month, order_count, purchase_count, tenure_days, "
        "recency_days, average_order_value, is_left_censored from fct_customers"
    ) == (
        "A",
        day,
        day,
        day,
        None,
        date(2024, 2, 1),
        1,
        1,
        0,
        0,
        Decimal("99.90"),
        True,
    )
    assert one_order.row(
        "select r_score, f_score, m_score, rfm_cell from rfm_scores"
    ) == (
        5,
        1,
        1,
        "511",
    )
    assert one_order.mart("dim_dates", "date_day") == [(day,)]


def test_one_order_has_no_rate_yet(one_order):
    """On the day of the first order no window and no period is over."""
    assert one_order.rows(
        "select period_type, cohort_start, period_number, eligible_customers, "
        "active_customers, retention_rate, cumulative_repurchase_rate, cumulative_ltv, "
        "is_mature from cohort_retention order by period_type"
    ) == [
        (kind, start, 0, 0, 1, None, None, None, False)
        for kind, start in [
            ("30_days", date(2024, 2, 1)),
            ("month", date(2024, 2, 1)),
            ("quarter", date(2024, 1, 1)),
            ("week", date(2024, 2, 26)),
        ]
    ]
    assert one_order.mart("cohort_retention_averages") == []
    assert one_order.rows(
        "select cohort_start, window_days, customers, eligible_customers, "
        "repurchase_rate, ci_low, is_mature from repurchase_rates order by all"
    ) == [
        (start, days, 1, 0, None, None, False)
        for start in (date(2024, 2, 1), None)
        for days in (30, 60, 90, 180, 365)
    ]
    assert (
        one_order.rows(
            "select buyers, repeat_customer_rate, next_period_repurchase_rate, "
            "repeat_order_share, returning_customer_share, is_mature "
            "from repurchase_rates_by_period"
        )
        == [(1, 0.0, None, 0.0, 0.0, False)] * 3
    )


@pytest.fixture(scope="module")
def one_customer(build_shop):
    """One customer: two orders on 31 January, the second purchase day 30 days on."""
    return build_shop(
        orders=[
            order("3", "A", "2024-03-01", "30.00"),
            order("1", "A", "2024-01-31 01:00", "10.00"),
            order("2", "A", "2024-01-31 02:00", "20.00"),
        ]
    )


def test_one_customer_sequence(one_customer):
    """Orders count 1, 2, 3 and purchase days 1, 1, 2; the 30th day is in the window."""
    assert one_customer.rows(
        "select order_id, order_number, purchase_number, days_since_previous_purchase, "
        "days_since_first_purchase from fct_orders order by order_number"
    ) == [("1", 1, 1, None, 0), ("2", 2, 1, None, 0), ("3", 3, 2, 30, 30)]
    assert one_customer.rows(
        "select window_days, eligible_customers, repurchasers, repurchase_rate, "
        "is_mature from repurchase_rates where cohort_start is null order by 1 limit 2"
    ) == [(30, 1, 1, 1.0, True), (60, 0, 0, None, False)]


def test_one_customer_cohorts(one_customer):
    """January and February are over, March is not; age 1 began on its first day."""
    assert one_customer.rows(
        "select period_type, period_number, active_customers, retention_rate, "
        "repurchasers_to_date, cumulative_repurchase_rate, cumulative_ltv, is_mature "
        "from cohort_retention where period_type in ('month', '30_days') order by all"
    ) == [
        ("30_days", 0, 1, 1.0, 0, 0.0, Decimal("30.00"), True),
        ("30_days", 1, 1, None, 1, None, None, False),
        ("month", 0, 1, 1.0, 0, 0.0, Decimal("30.00"), True),
        ("month", 1, 0, 0.0, 0, 0.0, Decimal("30.00"), True),
        ("month", 2, 1, None, 1, None, None, False),
    ]


# -- shops that say too little to predict from --


def predicts_nothing(build, status, **statuses):
    """Every customer, parameter and metric is there, says why, and has no figure."""
    customers = build.row("select count(*) from fct_customers")
    words = {"insufficient_data": "too few buyers or too short a history"}
    found = build.rows(
        "select count(*), model, model_status, count(probability_alive), "
        "count(churn_probability), count(expected_purchases_30d), "
        "count(expected_purchases_90d), count(expected_purchases_365d), "
        "count(repurchase_probability_90d), count(expected_next_purchase_date), "
        "count(predicted_clv), count(total_clv), max(in_plain_words) "
        "from customer_predictions group by all"
    )
    text = words.get(status, "the purchases fit no model")
    assert found == [
        (*customers, "mbgnbd", status, *[0] * 9, f"No prediction: {text}.")
    ]
    parameters = {
        model: rest
        for model, *rest in build.rows(
            "select model, model_status, count(*), count(value), "
            "count(log_likelihood), count(*) filter (where converged) "
            "from model_parameters group by all"
        )
    }
    for model, count in ("bgnbd", 4), ("mbgnbd", 4), ("gamma_gamma", 3):
        wanted = statuses.get(model, status)
        assert parameters[model][:2] == [wanted, count], model
        if wanted != "converged":
            assert parameters[model][2:] == [0, 0, 0], model
    assert build.row(
        "select count(*), count(distinct origin), count(distinct model), "
        "count(*) filter (where value is not null and model_status not in "
        "('rule', 'converged')) from prediction_evaluation"
    ) == (210, 3, 10, 0)


def test_a_few_orders_predict_nothing(one_order, one_customer):
    """A customer or two are no data, at no origin."""
    for build in (one_order, one_customer):
        predicts_nothing(build, "insufficient_data")
        assert build.row(
            "select count(value), max(customers), max(model_status), min(model_status) "
            "from prediction_evaluation"
        ) == (0, 0, "insufficient_data", "insufficient_data")
        assert build.mart("prediction_calibration") == []


def days(*numbers) -> list[str]:
    """Days of a year and a half, by number."""
    return [str(date(2023, 1, 1) + timedelta(days=number)) for number in numbers]


def purchases(histories, gross="10.00") -> list[dict]:
    """One order a day, customer by customer."""
    return [
        order(f"{customer}-{day}", f"C{customer}", day, gross)
        for customer, numbers in enumerate(histories)
        for day in days(*numbers)
    ]


FEW = ["--vars", json.dumps({"prediction_minimum_customers": 5})]


def test_a_shop_in_which_nobody_comes_back(build_shop):
    """Six customers of one purchase each: nothing tells a rate, or a spend."""
    once = [[0], [50], [120], [200], [300], [400]]
    found = build_shop(*FEW, orders=purchases(once))
    predicts_nothing(found, "degenerate_data")
    rows = (
        "select distinct model, customers, iterations from model_parameters order by 1"
    )
    assert found.rows(rows) == [
        ("bgnbd", 6, None),
        ("gamma_gamma", 0, None),
        ("mbgnbd", 6, None),
    ]
    # The rules do: of the five customers known 90 days before, nobody came again.
    assert found.row(
        "select value, customers from prediction_evaluation where model = 'mean' "
        "and metric = 'rmse' order by origin desc limit 1"
    ) == (0, 5)


def test_a_shop_in_which_all_buy_alike(build_shop):
    """Two purchases of the same amount each, far apart: degenerate, not an error."""
    twice = [[0, 30], [50, 60], [120, 180], [200, 290], [300, 310], [350, 400]]
    found = build_shop(*FEW, orders=purchases(twice))
    predicts_nothing(found, "degenerate_data")
    found = build_shop(orders=purchases(twice))
    predicts_nothing(found, "insufficient_data")


def test_a_shop_that_nobody_leaves(build_shop):
    """Customers buy every 10 days, or every 20, up to the end: where nobody drops out
    the likelihood rises for ever, and the search says that it did not end; the third
    origin has 130 days of history. All spend the same."""
    steady = [range(start, 401, 10 * (1 + start % 2)) for start in range(8)]
    found = build_shop(*FEW, orders=purchases(steady))
    predicts_nothing(found, "not_converged", gamma_gamma="degenerate_data")
    (most,) = found.row("select max(iterations) from model_parameters")
    assert 1 <= most <= 50
    assert found.row(
        "select count(*), count(value) from prediction_evaluation "
        "where model_status = 'not_converged'"
    ) == (28, 0)


def test_everything_refunded(build_shop):
    """Orders given back in full are no purchases: no customer, no revenue."""
    found = build_shop(
        orders=[
            order("1", "A", "2024-01-01", "10.00"),
            order("2", "B", "2024-03-01", "20.00"),
            order("3", "B", "2024-04-01", "30.00", status="refunded"),
        ],
        refunds="""
refund_id,order_id,refunded_at,refund_amount
R1,1,2024-01-05,10
R2,2,2024-02-28,15
R3,2,2024-03-29,5
""",
    )
    for mart in ["fct_orders", "fct_order_items", *EMPTY_WITHOUT_CUSTOMERS]:
        assert found.mart(mart) == [], mart
    only_segment_names(found, date(2024, 4, 1))
    assert found.mart("fct_refunds", "refund_id, booked_date, refund_of") == [
        ("R1", date(2024, 1, 1), "excluded_order"),
        ("R2", date(2024, 3, 1), "excluded_order"),
        ("R3", date(2024, 3, 1), "excluded_order"),
    ]
    columns = "entity, accepted_rows, excluded_rows, excluded_amount"
    assert found.mart("source_reconciliation", columns) == [
        ("orders", 3, 3, Decimal("60.00")),
        ("refunds", 3, 0, Decimal("0.00")),
    ]


def test_only_guests(build_shop):
    """Guests have revenue and no customer: NULL is never one big customer."""
    found = build_shop(
        orders=[order("1", "", "2024-01-01"), order("2", "", "2024-03-01", "20.00")]
    )
    for mart in EMPTY_WITHOUT_CUSTOMERS:
        assert found.mart(mart) == [], mart
    only_segment_names(found, date(2024, 3, 1))
    assert found.mart(
        "fct_orders",
        "order_id, customer_key, is_guest, order_number, purchase_number, "
        "is_first_order, is_repeat_order, days_since_first_purchase, net_amount",
    ) == [
        ("1", None, True, None, None, False, False, None, Decimal("10.00")),
        ("2", None, True, None, None, False, False, None, Decimal("20.00")),
    ]
    assert found.row("select count(*) from dim_dates") == (61,)


# -- two connectors --

# Anna and B are known to the Shopify shop by e-mail and by phone, C by the e-mail
# that stands on one Shopify order with B's phone. D bought once and is D alone.
TWO_SHOPS = [
    order("S1", "A", "2026-04-01", "100.00", email="ANA@example.com", x_gift="ribbon"),
    order("S2", "B", "2026-04-02", "200.00", phone="86 138-0000-0000"),
    order("S3", "C", "2026-04-03", "300.00", email="li@example.com", X_Store="7; 'x'"),
    order("S4", "D", "2026-04-04", "400.00"),
    order("S5", "", "2026-04-05", "500.00"),
]


@pytest.fixture(scope="module")
def two_connectors(build, tmp_path_factory):
    """Build a standard and a Shopify shop together, with more options."""
    folder = write_shop(tmp_path_factory.mktemp("two"), orders=TWO_SHOPS)
    inputs = ["--connector", "standard", "--data", folder]
    inputs += ["--connector", "shopify", "--data", FIXTURES / "shopify"]
    return lambda *options: build(*inputs, *options)


@pytest.fixture(scope="module")
def apart(two_connectors):
    return two_connectors("--currency", "CNY")


@pytest.fixture(scope="module")
def linked(two_connectors):
    return two_connectors(
        "--currency", "CNY", "--vars", '{"link_customers_across_shops": true}'
    )


def people(build) -> set[frozenset]:
    """The orders of each customer."""
    orders = build.rows(
        "select string_agg(order_id, ' ') from fct_orders where not is_guest "
        "group by customer_key"
    )
    return {frozenset(ids.split()) for (ids,) in orders}


def test_two_shops_know_their_own_customers(apart):
    """Without the rule nobody is known across shops."""
    assert people(apart) == {
        frozenset(ids)
        for ids in [
            {"S1"},
            {"S2"},
            {"S3"},
            {"S4"},
            {"#1001", "#1007"},
            {"#1002"},
            {"#1005", "#1012"},
        ]
    }


def test_one_person_in_two_shops_is_one_customer(linked):
    """With it Anna is one customer, and B - Li - C end as one."""
    assert people(linked) == {
        frozenset(ids)
        for ids in [
            {"S1", "#1001", "#1007"},
            {"S2", "#1002", "S3"},
            {"S4"},
            {"#1005", "#1012"},
        ]
    }
    assert linked.row(
        "select count(distinct customer_key), max(purchase_number) from fct_orders "
        "where order_id in ('S2', '#1002', 'S3')"
    ) == (1, 3)
    assert linked.rows("select order_id from fct_orders where is_guest order by 1") == [
        ("#1009",),
        ("S5",),
    ]


def test_linking_changes_no_money(apart, linked):
    """Who is who moves orders between customers and neither adds nor loses one."""
    money = "order_key, gross_amount, discount_amount, refund_amount, net_amount"
    assert apart.mart("fct_orders", money) == linked.mart("fct_orders", money)
    same_marts(apart, linked, ["fct_order_items", "dim_products", *AUDIT])


def test_currencies_are_converted_by_date(apart):
    """Euros become yuan at the latest rate not after the order's day, to the cent."""
    with open(ROOT / "seeds/rules/exchange_rates.csv", encoding="utf-8") as file:
        rates = [r for r in csv.DictReader(file) if r["currency"] == "EUR"]
    day = "2026-05-01"
    rate = max((r["rate_date"], r["rate"]) for r in rates if r["rate_date"] <= day)[1]
    gross = (Decimal("58.40") * Decimal(rate)).quantize(
        Decimal("0.01"), "ROUND_HALF_UP"
    )
    discount = (Decimal("5.00") * Decimal(rate)).quantize(
        Decimal("0.01"), "ROUND_HALF_UP"
    )
    columns = "currency, gross_amount, discount_amount, net_amount"
    assert apart.row(f"select {columns} from fct_orders where order_id = '#1001'") == (
        "EUR",
        gross,
        discount,
        gross - discount,
    )
    assert apart.row(f"select {columns} from fct_orders where order_id = 'S1'") == (
        "CNY",
        Decimal("100.00"),
        Decimal("0.00"),
        Decimal("100.00"),
    )
    assert apart.rows(
        "select entity, reason_code from rejected_rows where raw_values like '%CLP%'"
    ) == [("orders", "missing_exchange_rate")]


def test_several_currencies_need_a_decision(attempt, tmp_path):
    """Without --currency the error names the currencies and comes before any work."""
    rows = [order("1", "A"), order("2", "A", currency="usd"), order("3", currency="?")]
    folder = write_shop(tmp_path, orders=rows)
    found = attempt("--connector", "standard", "--data", folder)
    assert found.code == 1
    assert found.errors.splitlines()[-1] == (
        "build: the orders are in CNY, USD; say with --currency which to report in "
        "(rates stand in seeds/rules/exchange_rates.csv)"
    )
    assert not found.published.exists()


def test_own_columns_reach_the_orders(apart):
    """Columns x_... of orders stand in fct_orders as they came, NULL elsewhere."""
    assert apart.rows(
        "select order_id, x_gift, x_store from fct_orders "
        "where x_gift is not null or x_store is not null order by 1"
    ) == [("S1", "ribbon", None), ("S3", None, "7; 'x'")]


def test_the_shop_day_is_local(apart):
    """23:30 in Berlin is the next day of a shop in Shanghai."""
    assert apart.row(
        "select order_date, ordered_at from fct_orders where order_id = '#1002'"
    ) == (date(2026, 5, 4), datetime(2026, 5, 3, 21, 30))


def test_no_personal_data_is_published(apart):
    """Neither e-mails nor phones nor their hashes stand in any published text."""
    hashed = re.compile(r"[0-9a-f]{64}")
    for mart in MARTS:
        for row in apart.mart(mart):
            for value in row:
                if isinstance(value, str):
                    assert "@example" not in value.lower(), (mart, row)
                    assert "138 0000" not in value and "138-0000" not in value
                    assert not hashed.search(value), (mart, row)


# -- a large shop --


@pytest.mark.parametrize("customers, every_nth", [(100_000, 1), (100_001, 2)])
def test_every_nth_of_many_customers_is_judged(models, customers, every_nth):
    """Of 100,001 customers those whose keys are even, in blocks by half the key; keys
    are as long as they come. The last two buy on the last day of the horizon."""
    last = 2**60 - 1
    shop = models()
    with duckdb.connect(str(shop.database)) as con:
        con.execute(
            f"""
            create schema intermediate;
            use intermediate;
            create table int_prediction_origins as
            select
                date '2024-06-30' as origin_date,
                date '2024-09-28' as horizon_end,
                false as is_as_of_date;
            create table int_btyd_statistics as
            select date '2024-06-30' as origin_date, {last} - n as customer_key
            from range({customers}) as keys (n);
            create table int_purchases as
            select {last} - n as customer_key, date '2024-09-28' as purchase_date
            from range(2) as keys (n);
            create table int_later_refunds as
            select null::date as origin_date, 1 as customer_key,
                null::date as purchase_date, 1 as purchase_days;
            """
        )
    shop.run("int_outcomes")
    with duckdb.connect(str(shop.database)) as con:
        found = con.execute(
            "select customer_key, block, actual_purchases "
            "from intermediate.int_outcomes"
        ).fetchall()
    wanted = {
        (key, key // every_nth % 100, int(key >= last - 1))
        for key in range(last - customers + 1, last + 1)
        if key % every_nth == 0
    }
    assert len(found) == len(wanted) and set(found) == wanted
