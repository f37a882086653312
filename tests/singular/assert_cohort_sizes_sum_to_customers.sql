-- Every customer is in exactly one cohort of every period type.
{{ config(tags=['cohorts']) }}

with

cohorts as (
    select
        period_type,
        sum(cohort_size) as customers
    from {{ ref('cohort_retention') }}
    where period_number = 0
    group by period_type
),

customers as (
    select count(*) as customers from {{ ref('fct_customers') }}
)

select
    cohorts.period_type,
    cohorts.customers as in_cohorts,
    customers.customers
from customers
left join cohorts on true
where customers.customers > 0 and cohorts.customers is distinct from customers.customers
