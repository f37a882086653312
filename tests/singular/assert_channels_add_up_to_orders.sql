-- Orders and money of the channels are those of all orders, guests included, and every customer
-- is new in one channel. A shop whose orders name no channel has none.
{{ config(tags=['channels']) }}

with

channels as (
    select
        coalesce(sum(orders), 0) as orders,
        coalesce(sum(net_amount), 0) as net_amount,
        coalesce(sum(new_customers), 0) as new_customers,
        coalesce(sum(eligible_customers_90d), 0) as eligible_customers
    from {{ ref('channel_performance') }}
),

orders as (
    select
        count(*) as orders,
        coalesce(sum(net_amount), 0) as net_amount,
        count(channel) as orders_with_channel
    from {{ ref('fct_orders') }}
),

customers as (
    select
        count(*) as customers,
        count(*) filter (where tenure_days >= 90) as eligible_customers
    from {{ ref('fct_customers') }}
)

select
    channels.orders as orders_of_channels,
    orders.orders,
    channels.net_amount as net_amount_of_channels,
    orders.net_amount,
    channels.new_customers,
    customers.customers
from channels
cross join orders
cross join customers
where
    (orders.orders_with_channel = 0 and channels.orders > 0)
    or (
        orders.orders_with_channel > 0
        and (
            channels.orders <> orders.orders
            or channels.net_amount <> orders.net_amount
            or channels.new_customers <> customers.customers
            or channels.eligible_customers <> customers.eligible_customers
        )
    )
