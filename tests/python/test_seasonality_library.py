"""Indexes of months and weekdays against statsmodels' classical decomposition."""

import pytest

seasonal = pytest.importorskip(
    "statsmodels.tsa.seasonal", reason="requirements-dev.txt not there"
)
pd = pytest.importorskip("pandas", reason="statsmodels needs pandas")

NEXT_TO_NOTHING = 1e-12  # the library refuses a day without orders


def by_library(values, period: int):
    """The multiplicative seasonal component, by time."""
    return seasonal.seasonal_decompose(
        values, model="multiplicative", period=period, two_sided=True
    ).seasonal


def whole_months(daily):
    """Sums of the months that the days hold from first to last."""
    monthly = daily.resample("MS").sum()
    last_days = monthly.index + pd.offsets.MonthEnd(0)
    return monthly[(monthly.index >= daily.index[0]) & (last_days <= daily.index[-1])]


def compare(build) -> int:
    """Compare all indexes that the library can give; how many there were."""
    days, orders, money = zip(
        *build.rows(
            "select date_day, orders, net_amount_by_order_date::double "
            "from calendar_revenue order by date_day"
        ),
        strict=True,
    )
    found = {
        (kind, period): indexes
        for kind, period, *indexes in build.rows(
            "select period_type, period, index, net_amount_index from seasonality"
        )
    }
    compared = 0
    for place, values in enumerate((orders, money)):
        daily = pd.Series(values, index=pd.DatetimeIndex(days), dtype=float)
        expected = {}
        if place == 0 or daily.min() > 0:
            weekly = by_library(daily.clip(lower=NEXT_TO_NOTHING), 7)
            for day, index in weekly.iloc[:7].items():
                expected["weekday", day.isoweekday()] = index
        monthly = whole_months(daily)
        if len(monthly) >= 24:
            for month, index in by_library(monthly, 12).iloc[:12].items():
                expected["month", month.month] = index
        for key, index in expected.items():
            assert found[key][place] == pytest.approx(index, rel=1e-9), (key, place)
        compared += len(expected)
    return compared


def test_seasons_of_the_demo(demo):
    """Months by orders and by net amount, weekdays by orders."""
    assert compare(demo) == 12 + 12 + 7


def test_seasons_of_cdnow(cdnow):
    """A year and a half has weekdays alone."""
    assert compare(cdnow) == 7
