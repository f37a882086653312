"""Growth accounting on Online Retail against pandas, from the raw file."""

import pytest

pd = pytest.importorskip("pandas")

# pandas ends its weeks on Sunday unless told otherwise, as here.
FREQUENCIES = {"week": "W", "month": "M", "quarter": "Q"}
COUNTS = ["active", "new", "retained", "reactivated", "churned"]
AMOUNTS = [
    "revenue",
    "new_revenue",
    "retained_revenue",
    "expansion_revenue",
    "contraction_revenue",
    "reactivated_revenue",
    "churned_revenue",
]


@pytest.fixture(scope="module")
def lines(online_retail_file):
    """Lines of purchases with a known customer, amounts in whole pence.

    Cancellations name no invoice: they are refunds without an order and so in no
    period's revenue, which is why the clean lines alone give it.
    """
    raw = pd.read_csv(online_retail_file, dtype=str, encoding="utf-8")
    raw["quantity"] = raw["Quantity"].astype(int)
    raw["price"] = raw["UnitPrice"].astype(float)
    clean = raw[
        raw["CustomerID"].notna()
        & ~raw["InvoiceNo"].str.startswith("C")
        & (raw["quantity"] > 0)
        & (raw["price"] > 0)
    ]
    return pd.DataFrame(
        {
            "customer": clean["CustomerID"],
            "day": pd.to_datetime(clean["InvoiceDate"]).dt.normalize(),
            "pence": (clean["quantity"] * clean["price"] * 100).round().astype(int),
        }
    )


def growth(lines, frequency):
    """What a customer by period matrix says of customers and pence."""
    periods = lines["day"].dt.to_period(frequency)
    spent = lines.groupby(["customer", periods])["pence"].sum().unstack()
    every = pd.period_range(periods.min(), periods.max(), freq=frequency)
    spent = spent.reindex(columns=every)
    now, before = spent.notna(), spent.notna().shift(axis=1, fill_value=False)
    known = now.cumsum(axis=1).shift(axis=1, fill_value=0) > 0
    change = spent - spent.shift(axis=1)
    groups = {
        "active": now,
        "new": now & ~known,
        "retained": now & before,
        "reactivated": now & known & ~before,
        "churned": before & ~now,
    }
    table = pd.DataFrame({name: who.sum() for name, who in groups.items()})
    for name in ["new", "retained", "reactivated"]:
        table[f"{name}_revenue"] = spent[groups[name]].sum()
    table["revenue"] = spent.sum()
    table["churned_revenue"] = spent.shift(axis=1)[groups["churned"]].sum()
    table["expansion_revenue"] = change.clip(lower=0).sum()
    table["contraction_revenue"] = -change.clip(upper=0).sum()
    is_complete = every.end_time.normalize() <= lines["day"].max()
    return table.astype(int).assign(is_complete=is_complete)


@pytest.mark.parametrize("period_type", FREQUENCIES)
def test_growth_is_that_of_pandas(online_retail, lines, period_type):
    """Every count and penny of every period; what a running one cannot know is NULL."""
    found = online_retail.rows(
        f"select period_start, is_complete, {', '.join(COUNTS + AMOUNTS)} "
        "from growth_accounting where period_type = ? order by 1",
        period_type,
    )
    expected = growth(lines, FREQUENCIES[period_type])
    assert [row[0] for row in found] == [
        period.start_time.date() for period in expected.index
    ]
    unknown = {"churned", "expansion_revenue", "contraction_revenue", "churned_revenue"}
    for row, (_, wanted) in zip(found, expected.iterrows(), strict=True):
        values = dict(zip(COUNTS + AMOUNTS, row[2:], strict=True))
        assert row[1] == wanted["is_complete"]
        for name, value in values.items():
            if name in unknown and not row[1]:
                assert value is None, name
            else:
                scale = 100 if name in AMOUNTS else 1
                assert value * scale == wanted[name], (row[0], name)


@pytest.mark.parametrize("period_type", FREQUENCIES)
def test_the_last_period_is_cut_off(online_retail, period_type):
    """The data end on Friday, 9 December 2011: the last period of each type runs."""
    assert online_retail.rows(
        "select is_complete from growth_accounting where period_type = ? "
        "order by period_start desc limit 2",
        period_type,
    ) == [(False,), (True,)]
