-- Nobody churns who was not there; at the start of the last month those there and not churned are
-- the customers whose silence says so.
{{ config(tags=['lifecycle']) }}

with

last_month as (
    select max(month_start) as month_start from {{ ref('churn_rates') }}
),

present as (
    select count(*) as customers
    from {{ ref('int_purchases') }} as purchases
    cross join last_month
    where
        purchases.purchase_date < last_month.month_start
        and coalesce(purchases.next_purchase_date >= last_month.month_start, true)
        and {{ days_between('purchases.purchase_date', 'last_month.month_start') }} - 1
        <= {{ var('lapse_days') }}
)

select
    rates.month_start,
    rates.definition,
    rates.customers_at_start,
    rates.churned,
    rates.came_back_within_365d
from {{ ref('churn_rates') }} as rates
cross join last_month
cross join present
where
    rates.churned > rates.customers_at_start
    or rates.came_back_within_365d > rates.churned
    or (
        rates.definition = 'fixed'
        and rates.month_start = last_month.month_start
        and rates.customers_at_start <> present.customers
    )
