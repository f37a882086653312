-- Customers' money and counts are those of their orders, less refunds without an order.
{{ config(tags=['core']) }}

with

orders as (
    select
        customer_key,
        count(*) as order_count,
        count(distinct order_date) as purchase_count,
        min(order_date) as first_purchase_date,
        max(order_date) as last_purchase_date,
        sum(net_amount) as net_amount
    from {{ ref('fct_orders') }}
    where not is_guest
    group by customer_key
),

refunds_without_order as (
    select
        customer_key,
        sum(refund_amount) as refund_amount
    from {{ ref('fct_refunds') }}
    where refund_of = 'customer'
    group by customer_key
)

select
    orders.customer_key,
    orders.net_amount,
    customers.net_amount as customer_net_amount
from orders
full outer join {{ ref('fct_customers') }} as customers
    on orders.customer_key = customers.customer_key
left join refunds_without_order
    on orders.customer_key = refunds_without_order.customer_key
where
    orders.order_count is distinct from customers.order_count
    or orders.purchase_count is distinct from customers.purchase_count
    or orders.first_purchase_date is distinct from customers.first_purchase_date
    or orders.last_purchase_date is distinct from customers.last_purchase_date
    or orders.net_amount - coalesce(refunds_without_order.refund_amount, 0)
    is distinct from customers.net_amount
