{{ incremental_by('order_key', 'int_reidentified_orders') }}

with

orders as (
    select
        order_key,
        customer_id_key,
        email_key,
        phone_key
    from {{ ref('int_orders_checked') }}
    where
        row_status = 'accepted'
        and {{ is_touched() }}
),

-- Placeholders have no identity, so an order known by nothing else is a guest's.
-- The second half of each condition follows from the first: it spreads the orders
-- without the identifier, which would all meet under one NULL, over the engine's parts.
identified as (
    select
        orders.order_key,
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
)

select * from identified
