{% set before = kept('int_orders') %}
{% set touched = ref('int_touched_orders') %}

with

customers as (
    select * from {{ ref('int_order_customers') }}
),

refunds as (
    select * from {{ ref('int_order_refunds') }}
),

orders as (
    select
        customers.order_key,
        customers.customer_key,
        coalesce(refunds.refunded_in_order_currency, 0) as refunded_in_order_currency,
        coalesce(refunds.refund_amount, 0) as refund_amount
    from customers
    left join refunds on customers.order_key = refunds.order_key
),

-- Their own rows, the person they belong to, or their refunds are not what they were.
changed as (
    {%- if before %}
        select
            coalesce(orders.order_key, before.order_key) as order_key,
            orders.customer_key,
            before.customer_key as former_customer_key
        from orders
        full outer join {{ before }} as before on orders.order_key = before.order_key
        where
            coalesce(orders.order_key, before.order_key) in (
                select order_key from {{ touched }}
            )
            or orders.order_key is null
            or before.order_key is null
            or orders.customer_key is distinct from before.customer_key
            or orders.refunded_in_order_currency <> before.refunded_in_order_currency
            or orders.refund_amount <> before.refund_amount
    {%- else %}
        select
            order_key,
            customer_key,
            customer_key as former_customer_key
        from orders
    {%- endif %}
)

select * from changed
