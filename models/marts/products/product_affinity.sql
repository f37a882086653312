with

totals as (
    select
        basis,
        count(distinct case when is_counted then basket_key end) as baskets,
        count(distinct case when not is_counted then basket_key end)
            as baskets_left_out
    from {{ ref('int_baskets') }}
    group by basis
),

counted as (
    select
        pairs.product_a,
        pairs.product_b,
        pairs.basis,
        observation.as_of_date,
        totals.baskets,
        totals.baskets_left_out,
        pairs.baskets_a,
        pairs.baskets_b,
        pairs.together,
        {{ rate('pairs.together', 'totals.baskets') }} as support,
        {{ rate('pairs.baskets_a', 'totals.baskets') }} as support_a,
        {{ rate('pairs.baskets_b', 'totals.baskets') }} as support_b
    from {{ ref('int_basket_pairs') }} as pairs
    inner join totals on pairs.basis = totals.basis
    cross join {{ ref('int_observation') }} as observation
),

measured as (
    select
        product_a,
        product_b,
        basis,
        as_of_date,
        baskets,
        baskets_left_out,
        baskets_a,
        baskets_b,
        together,
        support,
        {{ rate('together', 'baskets_a') }} as confidence_ab,
        {{ rate('together', 'baskets_b') }} as confidence_ba,
        support / (support_a * support_b) as lift,
        support - support_a * support_b as leverage
    from counted
)

select * from measured
