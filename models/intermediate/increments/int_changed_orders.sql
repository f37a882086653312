{% set before = kept('int_orders') %}
{% set touched = ref('int_touched_orders') %}
{% set reidentified = ref('int_reidentified_orders') %}
{% set order_refunds = ref('int_order_refunds') %}

with

customers as (
    select * from {{ ref('int_order_customers') }}
),

{%- if before %}

    refunds as (
        select * from {{ order_refunds }}
    ),

    refunds_before as (
        select
            order_key,
            refunded_in_order_currency,
            refund_amount
        from {{ before }}
        where refunded_in_order_currency <> 0 or refund_amount <> 0
    ),

    -- Refunds come late, and to orders whose own rows are what they were.
    otherwise_refunded as (
        select coalesce(refunds.order_key, refunds_before.order_key) as order_key
        from refunds
        full outer join refunds_before on refunds.order_key = refunds_before.order_key
        where
            coalesce(refunds.refunded_in_order_currency, 0)
            <> coalesce(refunds_before.refunded_in_order_currency, 0)
            or coalesce(refunds.refund_amount, 0)
            <> coalesce(refunds_before.refund_amount, 0)
    ),

    orders as (
        select order_key from {{ reidentified }}
        union
        select order_key from otherwise_refunded
    ),

    changed as (
        select
            orders.order_key,
            customers.customer_key,
            before.customer_key as former_customer_key
        from orders
        left join customers on orders.order_key = customers.order_key
        left join {{ before }} as before on orders.order_key = before.order_key
        where
            orders.order_key in (select order_key from {{ touched }})
            or orders.order_key in (select order_key from otherwise_refunded)
            or customers.customer_key is distinct from before.customer_key
    )
{%- else %}

    changed as (
        select
            order_key,
            customer_key,
            customer_key as former_customer_key
        from customers
    )
{%- endif %}

select * from changed
