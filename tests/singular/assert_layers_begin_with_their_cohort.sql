-- Each quarter's layer has one row per month from its customers' first one to the as-of month.
{{ config(tags=['value']) }}

with

cohorts as (
    select
        {{ period_start("'quarter'", 'first_purchase_date') }} as cohort_quarter,
        first_purchase_date,
        as_of_date
    from {{ ref('fct_customers') }}
),

expected as (
    select
        cohort_quarter,
        {{ period_start("'month'", 'min(first_purchase_date)') }} as first_month,
        {{ period_number("'month'", 'min(first_purchase_date)', 'max(as_of_date)') }} + 1
            as months
    from cohorts
    group by cohort_quarter
),

layers as (
    select
        cohort_quarter,
        min(month_start) as first_month,
        count(*) as months
    from {{ ref('revenue_layer_cake') }}
    where cohort_quarter is not null
    group by cohort_quarter
)

select
    expected.cohort_quarter as expected_quarter,
    layers.cohort_quarter,
    expected.first_month,
    layers.months
from expected
full outer join layers on expected.cohort_quarter = layers.cohort_quarter
where
    expected.first_month is distinct from layers.first_month
    or expected.months is distinct from layers.months
