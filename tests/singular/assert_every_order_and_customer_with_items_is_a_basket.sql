-- Baskets that count and baskets left out are all orders with an item, and all customers with one.
{{ config(tags=['products']) }}

with

baskets as (
    select
        basis,
        basket_key,
        count(*) as products,
        min(case when is_counted then 1 else 0 end) as is_counted
    from {{ ref('int_baskets') }}
    group by basis, basket_key
),

items as (
    select
        'order' as basis,
        items.order_key as basket_key,
        count(distinct items.product_key) as products
    from {{ ref('fct_order_items') }} as items
    group by items.order_key
    union all
    select
        'customer' as basis,
        orders.customer_key as basket_key,
        count(distinct items.product_key) as products
    from {{ ref('fct_order_items') }} as items
    inner join {{ ref('fct_orders') }} as orders on items.order_key = orders.order_key
    where not orders.is_guest
    group by orders.customer_key
)

select
    items.basis,
    items.basket_key,
    items.products,
    baskets.products as products_in_basket,
    baskets.is_counted
from items
full outer join baskets
    on items.basis = baskets.basis and items.basket_key = baskets.basket_key
where
    items.products is distinct from baskets.products
    or (items.products <= {{ var('affinity_maximum_products') }}) <> (baskets.is_counted = 1)
