-- No fact and no day lies after the as-of date.
{{ config(tags=['core']) }}

with

dated as (
    select 'fct_orders' as mart, order_date as last_date from {{ ref('fct_orders') }}
    union all
    select 'fct_refunds', refund_date from {{ ref('fct_refunds') }}
    union all
    select 'fct_customers', last_purchase_date from {{ ref('fct_customers') }}
    union all
    select 'dim_dates', date_day from {{ ref('dim_dates') }}
    union all
    select 'repurchase_rates_by_period', period_start
    from {{ ref('repurchase_rates_by_period') }}
)

select
    dated.mart,
    dated.last_date,
    as_of.as_of_date
from dated
cross join {{ ref('int_as_of_date') }} as as_of
where dated.last_date > as_of.as_of_date
