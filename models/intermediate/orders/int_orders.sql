{{ incremental_by('order_key', 'int_changed_orders') }}

with

orders as (
    select *
    from {{ ref('int_orders_checked') }}
    where
        row_status = 'accepted'
        and {{ is_touched() }}
),

-- A full refund undoes the purchase, a part of it does not.
valued as (
    select
        orders.connector,
        orders.shop_id,
        orders.order_id,
        orders.order_key,
        customers.customer_key,
        orders.customer_id,
        orders.status,
        orders.currency,
        orders.channel,
        orders.coupon_code,
        orders.country,
        orders.gross_amount as original_gross_amount,
        orders.discount_amount as original_discount_amount,
        orders.exchange_rate,
        {{ converted('orders.gross_amount') }} as gross_amount,
        {{ converted('orders.discount_amount') }} as discount_amount,
        cast(coalesce(refunds.refund_amount, 0) as decimal(18, 2)) as refund_amount,
        {{ converted('orders.tax_amount') }} as tax_amount,
        {{ converted('orders.shipping_amount') }} as shipping_amount,
        coalesce(refunds.refunded_in_order_currency, 0) as refunded_in_order_currency,
        orders.ordered_at,
        orders.order_date,
        orders.order_hour,
        orders.has_valid_status,
        orders.has_valid_status
        and (
            coalesce(refunds.refunded_in_order_currency, 0) = 0
            or refunds.refunded_in_order_currency
            < orders.gross_amount - orders.discount_amount
        ) as is_purchase
    {%- for column in var('x_columns') %},
        orders.{{ column }}
        {%- endfor %}
    from orders
    left join {{ ref('int_order_customers') }} as customers
        on orders.order_key = customers.order_key
    left join {{ ref('int_order_refunds') }} as refunds
        on orders.order_key = refunds.order_key
)

select * from valued
