{{ incremental_by('order_key', 'int_resequenced_orders') }}

with

items as (
    select
        order_key,
        product_key,
        sum(quantity) as units,
        sum(gross_amount) as gross_amount,
        sum(net_amount) as net_amount
    from {{ ref('fct_order_items') }}
    where {{ is_touched() }}
    group by order_key, product_key
),

order_products as (
    select
        items.order_key,
        items.product_key,
        orders.customer_key,
        orders.order_date,
        orders.order_number,
        orders.purchase_number,
        orders.is_first_order,
        items.units,
        items.gross_amount,
        items.net_amount
    from items
    inner join {{ ref('fct_orders') }} as orders on items.order_key = orders.order_key
)

select * from order_products
