-- Units and money of the products are those of all items, and the parts of a count do not
-- exceed it.
{{ config(tags=['products']) }}

with

products as (
    select
        sum(units) as units,
        sum(gross_amount) as gross_amount,
        sum(net_amount) as net_amount,
        count(*) filter (
            where
            first_orders > customer_orders
            or customer_orders > orders
            or customers > customer_orders
            or repeat_buyers > customers
            or repeat_buyers_90d > least(repeat_buyers, eligible_customers_90d)
            or eligible_customers_90d > customers
        ) as odd_products
    from {{ ref('product_performance') }}
),

items as (
    select
        coalesce(sum(quantity), 0) as units,
        coalesce(sum(gross_amount), 0) as gross_amount,
        coalesce(sum(net_amount), 0) as net_amount
    from {{ ref('fct_order_items') }}
)

select
    products.units - items.units as units_difference,
    products.gross_amount - items.gross_amount as gross_difference,
    products.net_amount - items.net_amount as net_difference,
    products.odd_products
from products
cross join items
where
    coalesce(products.units, 0) <> items.units
    or coalesce(products.gross_amount, 0) <> items.gross_amount
    or coalesce(products.net_amount, 0) <> items.net_amount
    or products.odd_products > 0
