-- Cohorts plus guests equal the facts to the cent, month by month: orders on their date less
-- refunds without an order on the date they are booked.
{{ config(tags=['cohorts', 'core']) }}

with

cohorts as (
    select
        extract(year from cohort_start) * 12 + extract(month from cohort_start)
        + period_number as month_number,
        sum(net_amount) as net_amount
    from {{ ref('cohort_retention') }}
    where period_type = 'month'
    group by month_number
),

guests as (
    select
        extract(year from order_date) * 12 + extract(month from order_date) as month_number,
        sum(net_amount) as net_amount
    from {{ ref('fct_orders') }}
    where is_guest
    group by month_number
),

orders as (
    select
        extract(year from order_date) * 12 + extract(month from order_date) as month_number,
        sum(net_amount) as net_amount
    from {{ ref('fct_orders') }}
    group by month_number
),

refunds_without_order as (
    select
        extract(year from booked_date) * 12 + extract(month from booked_date) as month_number,
        -sum(refund_amount) as net_amount
    from {{ ref('fct_refunds') }}
    where refund_of = 'customer'
    group by month_number
),

facts_less_marts as (
    select month_number, net_amount from orders
    union all
    select month_number, net_amount from refunds_without_order
    union all
    select month_number, -net_amount as net_amount from cohorts
    union all
    select month_number, -net_amount as net_amount from guests
)

select
    month_number,
    sum(net_amount) as difference
from facts_less_marts
group by month_number
having sum(net_amount) <> 0
