-- Cohorts plus guests equal the facts to the cent, month by month: orders on their date less
-- refunds without an order on the date they are booked.
{{ config(tags=['cohorts', 'core']) }}

with

cohorts as (
    select
        cast({{ dbt.dateadd('month', 'period_number', 'cohort_start') }} as date) as month_start,
        sum(net_amount) as net_amount
    from {{ ref('cohort_retention') }}
    where period_type = 'month'
    group by month_start
),

guests as (
    select
        cast(date_trunc('month', order_date) as date) as month_start,
        sum(net_amount) as net_amount
    from {{ ref('fct_orders') }}
    where is_guest
    group by month_start
),

orders as (
    select
        cast(date_trunc('month', order_date) as date) as month_start,
        sum(net_amount) as net_amount
    from {{ ref('fct_orders') }}
    group by month_start
),

refunds_without_order as (
    select
        cast(date_trunc('month', booked_date) as date) as month_start,
        -sum(refund_amount) as net_amount
    from {{ ref('fct_refunds') }}
    where refund_of = 'customer'
    group by month_start
),

facts_less_marts as (
    select month_start, net_amount from orders
    union all
    select month_start, net_amount from refunds_without_order
    union all
    select month_start, -net_amount as net_amount from cohorts
    union all
    select month_start, -net_amount as net_amount from guests
)

select
    month_start,
    sum(net_amount) as difference
from facts_less_marts
group by month_start
having sum(net_amount) <> 0
