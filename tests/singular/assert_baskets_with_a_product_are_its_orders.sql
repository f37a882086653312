-- Where no basket was left out, the baskets with a product are its orders, or its customers; else
-- they are some of them.
{{ config(tags=['products']) }}

with

sides as (
    select
        basis,
        product_a as product_key,
        baskets_a as baskets,
        baskets_left_out
    from {{ ref('product_affinity') }}
    union all
    select
        basis,
        product_b as product_key,
        baskets_b as baskets,
        baskets_left_out
    from {{ ref('product_affinity') }}
),

compared as (
    select
        sides.basis,
        sides.product_key,
        sides.baskets,
        sides.baskets_left_out,
        case sides.basis
            when 'order' then products.orders
            when 'customer' then products.customers
        end as expected
    from sides
    inner join {{ ref('product_performance') }} as products
        on sides.product_key = products.product_key
)

select *
from compared
where baskets > expected or (baskets_left_out = 0 and baskets <> expected)
