-- A pair is in no more baskets than either product, its lift is the same from both sides, and
-- every measure follows from the counts.
{{ config(tags=['products']) }}

select
    product_a,
    product_b,
    basis,
    together,
    baskets_a,
    baskets_b,
    lift
from {{ ref('product_affinity') }}
where
    product_a >= product_b
    or together > least(baskets_a, baskets_b)
    or greatest(baskets_a, baskets_b) > baskets
    or abs(support - confidence_ab * baskets_a / baskets) > 1e-9
    or abs(support - confidence_ba * baskets_b / baskets) > 1e-9
    or abs(lift - confidence_ab * baskets / baskets_b) > 1e-9 * lift
    or abs(lift - confidence_ba * baskets / baskets_a) > 1e-9 * lift
    or abs(support - leverage - support / lift) > 1e-9
