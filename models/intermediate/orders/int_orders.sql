with

orders as (
    select *
    from {{ ref('int_orders_checked') }}
    where row_status = 'accepted'
),

refunds as (
    select
        order_key,
        sum(refund_amount) as refunded_in_order_currency,
        sum(converted_amount) as refund_amount
    from {{ ref('int_refunds_checked') }}
    where row_status = 'accepted' and order_key is not null
    group by order_key
),

-- Placeholders have no identity, so an order known by nothing else is a guest's.
-- The second half of each condition follows from the first: it spreads the orders
-- without the identifier, which would all meet under one NULL, over the engine's parts.
identified as (
    select
        orders.*,
        coalesce(
            by_customer_id.customer_key, by_email.customer_key, by_phone.customer_key
        ) as customer_key
    from orders
    left join {{ ref('int_identities') }} as by_customer_id
        on
            orders.customer_id_key = by_customer_id.identifier_key
            and coalesce(orders.customer_id_key, orders.order_key)
            = by_customer_id.identifier_key
    left join {{ ref('int_identities') }} as by_email
        on
            orders.email_key = by_email.identifier_key
            and coalesce(orders.email_key, orders.order_key) = by_email.identifier_key
    left join {{ ref('int_identities') }} as by_phone
        on
            orders.phone_key = by_phone.identifier_key
            and coalesce(orders.phone_key, orders.order_key) = by_phone.identifier_key
),

-- A full refund undoes the purchase, a part of it does not.
valued as (
    select
        identified.connector,
        identified.shop_id,
        identified.order_id,
        identified.order_key,
        identified.customer_key,
        identified.customer_id,
        identified.status,
        identified.currency,
        identified.channel,
        identified.coupon_code,
        identified.country,
        identified.gross_amount as original_gross_amount,
        identified.discount_amount as original_discount_amount,
        identified.exchange_rate,
        {{ converted('identified.gross_amount') }} as gross_amount,
        {{ converted('identified.discount_amount') }} as discount_amount,
        cast(coalesce(refunds.refund_amount, 0) as decimal(18, 2)) as refund_amount,
        {{ converted('identified.tax_amount') }} as tax_amount,
        {{ converted('identified.shipping_amount') }} as shipping_amount,
        coalesce(refunds.refunded_in_order_currency, 0) as refunded_in_order_currency,
        identified.ordered_at,
        identified.order_date,
        identified.order_hour,
        identified.has_valid_status,
        identified.has_valid_status
        and (
            coalesce(refunds.refunded_in_order_currency, 0) = 0
            or refunds.refunded_in_order_currency
            < identified.gross_amount - identified.discount_amount
        ) as is_purchase
    {%- for column in var('x_columns') %},
        identified.{{ column }}
        {%- endfor %}
    from identified
    left join refunds on identified.order_key = refunds.order_key
)

select * from valued
