-- The orders of 168 hours and those without a time are all orders; hours that have elapsed are 24
-- a day, and over them the mean index is 1. Where no order has a time, there are no rows.
{{ config(tags=['value']) }}

with

times as (
    select
        count(*) as hours,
        sum(orders) as orders,
        sum(net_amount) as net_amount,
        min(orders_without_time) as orders_without_time,
        max(orders_without_time) as most_without_time,
        sum(elapsed_hours) as elapsed_hours,
        sum(index * elapsed_hours) as weighted_index
    from {{ ref('purchase_times') }}
),

orders as (
    select
        count(*) as orders,
        count(*) filter (where order_hour is null) as without_time,
        coalesce(sum(net_amount) filter (where order_hour is not null), 0) as net_amount,
        min(order_hour) as first_hour,
        max(order_hour) as last_hour
    from {{ ref('fct_orders') }}
),

days as (
    select count(*) as days from {{ ref('dim_dates') }}
)

select
    times.*,
    orders.orders as all_orders,
    orders.without_time,
    days.days
from times
cross join orders
cross join days
where
    times.hours <> case when orders.orders > orders.without_time then 168 else 0 end
    or times.orders + times.orders_without_time <> orders.orders
    or times.orders_without_time <> orders.without_time
    or times.most_without_time <> orders.without_time
    or times.net_amount <> orders.net_amount
    or times.elapsed_hours <> 24 * days.days
    or (times.hours > 0 and times.weighted_index is null)
    or abs(times.weighted_index - times.elapsed_hours) > 1e-9 * times.elapsed_hours
    or orders.first_hour < 0
    or orders.last_hour > 23
