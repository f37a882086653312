"""Curves against lifelines: Kaplan-Meier, Greenwood's error and the log-log interval.

The gaps are made here from fct_orders, so that counts are compared as well.
"""

import math
from collections import defaultdict

import pytest

lifelines = pytest.importorskip("lifelines", reason="requirements-dev.txt not there")

Z = 1.959963984540054
STRATA = ["all", "channel", "discount", "cohort_quarter"]


def gaps(build) -> dict[tuple, list[tuple]]:
    """Lengths and whether closed of the gaps of every curve."""
    as_of, purchase_numbers = build.row(
        "select max(as_of_date), max(purchase_number) filter (stratum_type <> 'all')"
        " from repurchase_curves"
    )
    strata = {
        key: {
            "all": "all",
            "channel": channel or "(none)",
            "discount": "discounted" if is_discounted else "full_price",
            "cohort_quarter": f"{first.year}-{(first.month - 1) // 3 * 3 + 1:02}-01",
        }
        for key, channel, is_discounted, first in build.rows(
            "select customer_key, first_channel, first_order_was_discounted,"
            " first_purchase_date from fct_customers"
        )
    }
    days = defaultdict(list)
    for key, day in build.rows(
        "select distinct customer_key, order_date from fct_orders"
        " where customer_key is not null order by all"
    ):
        days[key].append(day)
    result = defaultdict(list)
    for key, purchases in days.items():
        ends = [*purchases[1:], as_of]
        for number, (start, end) in enumerate(zip(purchases, ends, strict=True), 1):
            gap = ((end - start).days, number < len(purchases))
            for kind in STRATA:
                stratum = kind, strata[key][kind]
                result[None, *stratum].append(gap)
                if kind == "all" or number <= purchase_numbers:
                    result[number, *stratum].append(gap)
    return result


def by_library(curve: list[tuple]) -> dict[int, tuple]:
    """Counts, survival and interval per day, as lifelines gives them."""
    lengths, closed = zip(*curve, strict=True)
    fitted = lifelines.KaplanMeierFitter(alpha=0.05).fit(lengths, closed)
    counts = fitted.event_table
    interval = fitted.confidence_interval_survival_function_
    return {
        int(day): (
            int(counts.at_risk[day]),
            int(counts.observed[day]),
            int(counts.censored[day]),
            float(fitted.survival_function_.KM_estimate[day]),
            float(interval.iloc[:, 0][day]),
            float(interval.iloc[:, 1][day]),
        )
        for day in counts.index
    }


def compare(build) -> int:
    """Compare all curves day by day; how many days there were."""
    found = defaultdict(dict)
    for number, kind, stratum, day, *values in build.rows(
        "select purchase_number, stratum_type, stratum, day, at_risk, events, censored,"
        " survival, ci_low, ci_high, standard_error from repurchase_curves"
        " where stratum_type <> 'category'"
    ):
        found[number, kind, stratum][day] = values
    kinds = {kind for _, kind, _ in found}
    expected = {key: rows for key, rows in gaps(build).items() if key[1] in kinds}
    assert found.keys() == expected.keys()
    days = 0
    for curve, rows in expected.items():
        library = by_library(rows)
        assert found[curve].keys() == library.keys(), curve
        for day, (*counts, survival, low, high) in library.items():
            *own_counts, own_survival, own_low, own_high, error = found[curve][day]
            assert own_counts == counts, (curve, day)
            assert own_survival == pytest.approx(survival, abs=1e-9), (curve, day)
            if survival > 0:
                assert (own_low, own_high) == pytest.approx((low, high), abs=1e-9)
            if 0 < survival < 1:
                # lifelines names no error: it is in the width of the interval.
                width = math.log(math.log(low) / math.log(high)) / (2 * Z)
                greenwood = -survival * math.log(survival) * width
                assert error == pytest.approx(greenwood, abs=1e-9), (curve, day)
        days += len(library)
    return days


def test_curves_of_the_demo(demo):
    """Every curve of the demo but those by category, every day."""
    assert compare(demo) > 5_000


def test_curves_of_cdnow(cdnow):
    """Every curve of the CDNOW sample, every day."""
    assert compare(cdnow) > 2_000
