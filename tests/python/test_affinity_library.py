"""Pairs of products against mlxtend, a library for market baskets."""

from collections import defaultdict

import pytest

pd = pytest.importorskip("pandas", reason="mlxtend needs pandas")
frequent_patterns = pytest.importorskip("mlxtend.frequent_patterns")
TransactionEncoder = pytest.importorskip("mlxtend.preprocessing").TransactionEncoder

MAXIMUM_PRODUCTS = 100
MEASURES = "support confidence_ab confidence_ba lift leverage".split()


def baskets(shop, basis: str) -> tuple[list[set], int]:
    """Products of every basket that is not too large, and how many are."""
    key = {"order": "order_key", "customer": "customer_key"}[basis]
    found = defaultdict(set)
    for basket, product in shop.rows(
        f"select {key}, product_key from fct_order_items join fct_orders "
        f"using (order_key) where {key} is not null"
    ):
        found[basket].add(product)
    counted = [each for each in found.values() if len(each) <= MAXIMUM_PRODUCTS]
    return counted, len(found) - len(counted)


def rules(counted: list[set], together: int):
    """The library's rules of one product for another, by pair."""
    encoder = TransactionEncoder()
    matrix = encoder.fit_transform(counted)
    frame = pd.DataFrame(matrix, columns=encoder.columns_)
    itemsets = frequent_patterns.fpgrowth(
        frame, min_support=(together - 0.5) / len(counted), use_colnames=True, max_len=2
    )
    found = frequent_patterns.association_rules(
        itemsets, metric="support", min_threshold=0
    )
    return {
        (*rule.antecedents, *rule.consequents): rule
        for rule in found.itertuples(index=False)
    }


@pytest.mark.parametrize("basis", ["order", "customer"])
@pytest.mark.parametrize(("name", "together"), [("demo", 10), ("online_retail", 100)])
def test_pairs_are_those_of_the_library(request, name, together, basis):
    shop = request.getfixturevalue(name)
    counted, left_out = baskets(shop, basis)
    expected = rules(counted, together)
    pairs = shop.rows(
        "select product_a, product_b, baskets, baskets_left_out, "
        f"{', '.join(MEASURES)} from product_affinity where basis = ? "
        "and together >= ?",
        basis,
        together,
    )
    assert pairs and 2 * len(pairs) == len(expected)
    for a, b, count, count_left_out, *measures in pairs:
        assert (count, count_left_out) == (len(counted), left_out)
        rule, back = expected[a, b], expected[b, a]
        assert dict(zip(MEASURES, measures, strict=True)) == pytest.approx(
            {
                "support": rule.support,
                "confidence_ab": rule.confidence,
                "confidence_ba": back.confidence,
                "lift": rule.lift,
                "leverage": rule.leverage,
            },
            rel=1e-9,
            abs=1e-12,
        )
