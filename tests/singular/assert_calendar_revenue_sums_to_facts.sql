-- Day by day, calendar revenue is the orders and refunds of the facts, refunds by either date.
{{ config(tags=['value', 'core']) }}

with

refunds as (
    select
        refunds.refund_of,
        refunds.booked_date,
        greatest(refunds.refund_date, observation.first_day) as refund_date,
        refunds.refund_amount
    from {{ ref('fct_refunds') }} as refunds
    cross join {{ ref('int_observation') }} as observation
    where refunds.refund_of in ('purchase', 'customer')
),

facts_less_calendar as (
    select
        order_date as date_day,
        1 as orders,
        gross_amount,
        discount_amount,
        refund_amount as refund_by_order,
        0 as refund_by_refund,
        net_amount
    from {{ ref('fct_orders') }}
    union all
    select booked_date, 0, 0, 0, refund_amount, 0, -refund_amount
    from refunds
    where refund_of = 'customer'
    union all
    select refund_date, 0, 0, 0, 0, refund_amount, 0
    from refunds
    union all
    select
        date_day,
        -orders,
        -gross_amount,
        -discount_amount,
        -refund_amount_by_order_date,
        -refund_amount_by_refund_date,
        -net_amount_by_order_date
    from {{ ref('calendar_revenue') }}
)

select
    date_day,
    sum(orders) as orders,
    sum(gross_amount) as gross_amount,
    sum(discount_amount) as discount_amount,
    sum(refund_by_order) as refund_by_order,
    sum(refund_by_refund) as refund_by_refund,
    sum(net_amount) as net_amount
from facts_less_calendar
group by date_day
having
    sum(orders) <> 0
    or sum(gross_amount) <> 0
    or sum(discount_amount) <> 0
    or sum(refund_by_order) <> 0
    or sum(refund_by_refund) <> 0
    or sum(net_amount) <> 0
