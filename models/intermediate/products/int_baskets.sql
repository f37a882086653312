{{ incremental_by('basket_key', 'int_changed_baskets') }}

with

basket_products as (
    select
        'order' as basis,
        order_key as basket_key,
        product_key
    from {{ ref('int_order_products') }}
    where {{ is_touched('order_key') }}
    union all
    select distinct
        'customer',
        customer_key,
        product_key
    from {{ ref('int_order_products') }}
    where
        customer_key is not null
        and {{ is_touched('customer_key') }}
),

sized as (
    select
        *,
        count(*) over (partition by basis, basket_key) as products
    from basket_products
),

baskets as (
    select
        basis,
        basket_key,
        product_key,
        products <= {{ var('affinity_maximum_products') }} as is_counted
    from sized
)

select * from baskets
