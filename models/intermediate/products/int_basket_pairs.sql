with

-- A pair is in no more baskets than either of its products.
frequent_products as (
    select
        basis,
        product_key,
        count(*) as baskets
    from {{ ref('int_baskets') }}
    where is_counted
    group by basis, product_key
    having count(*) >= {{ var('affinity_minimum_together') }}
),

frequent_baskets as (
    select
        baskets.basis,
        baskets.basket_key,
        baskets.product_key,
        frequent_products.baskets
    from {{ ref('int_baskets') }} as baskets
    inner join frequent_products
        on
            baskets.basis = frequent_products.basis
            and baskets.product_key = frequent_products.product_key
    where baskets.is_counted
),

pairs as (
    select
        one.basis,
        one.product_key as product_a,
        other.product_key as product_b,
        one.baskets as baskets_a,
        other.baskets as baskets_b,
        count(*) as together
    from frequent_baskets as one
    inner join frequent_baskets as other
        on
            one.basis = other.basis
            and one.basket_key = other.basket_key
            and one.product_key < other.product_key
    group by
        one.basis,
        one.product_key,
        other.product_key,
        one.baskets,
        other.baskets
    having count(*) >= {{ var('affinity_minimum_together') }}
)

select * from pairs
