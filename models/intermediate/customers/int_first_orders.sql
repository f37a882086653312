{{ incremental_by('customer_key', 'int_touched_customers') }}

with

first_orders as (
    select
        orders.customer_key,
        orders.order_date as first_purchase_date,
        {{ as_text('orders.channel') }} as channel,
        {{ as_text('orders.coupon_code') }} as coupon_code,
        {{ as_text('orders.country') }} as country,
        orders.is_discounted,
        items.product_key,
        items.product_id,
        {{ as_text('products.category') }} as category
    from {{ ref('fct_orders') }} as orders
    left join {{ ref('int_leading_items') }} as items
        on orders.order_key = items.order_key
    left join {{ ref('dim_products') }} as products
        on items.product_key = products.product_key
    where
        orders.is_first_order
        and {{ is_touched('orders.customer_key') }}
)

select * from first_orders
