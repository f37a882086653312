-- The layers of a month are its calendar revenue, its orders, and the customers who bought in it.
{{ config(tags=['value']) }}

with

calendar as (
    select
        {{ period_start("'month'", 'date_day') }} as month_start,
        orders,
        net_amount_by_order_date as net_amount
    from {{ ref('calendar_revenue') }}
),

buyers as (
    select distinct
        {{ period_start("'month'", 'order_date') }} as month_start,
        customer_key
    from {{ ref('fct_orders') }}
    where not is_guest
),

layers_less_calendar as (
    select
        month_start,
        coalesce(customers, 0) as customers,
        orders,
        net_amount
    from {{ ref('revenue_layer_cake') }}
    union all
    select
        month_start,
        0 as customers,
        -orders as orders,
        -net_amount as net_amount
    from calendar
    union all
    select
        month_start,
        -1 as customers,
        0 as orders,
        0 as net_amount
    from buyers
)

select
    month_start,
    sum(customers) as customers,
    sum(orders) as orders,
    sum(net_amount) as net_amount
from layers_less_calendar
group by month_start
having sum(customers) <> 0 or sum(orders) <> 0 or sum(net_amount) <> 0
