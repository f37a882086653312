with

first_orders as (
    select
        orders.customer_key,
        orders.order_date as first_purchase_date,
        orders.channel,
        orders.coupon_code,
        orders.country,
        orders.is_discounted,
        items.product_id,
        products.category
    from {{ ref('fct_orders') }} as orders
    left join {{ ref('int_leading_items') }} as items
        on orders.order_key = items.order_key
    left join {{ ref('dim_products') }} as products
        on items.product_key = products.product_key
    where orders.is_first_order
)

select * from first_orders
