-- The values of every attribute of the first order add up to the monthly cohorts of all
-- customers.
{{ config(tags=['cohorts']) }}

with

cohorts as (
    select
        period_number,
        sum(eligible_customers) as eligible_customers,
        sum(active_customers) as active_customers,
        sum(eligible_active_customers) as eligible_active_customers,
        sum(eligible_repurchasers) as eligible_repurchasers,
        sum(orders) as orders,
        sum(net_amount) as net_amount,
        coalesce(sum(cumulative_net_amount) filter (where is_mature), 0)
            as eligible_cumulative_net_amount
    from {{ ref('cohort_retention') }}
    where period_type = 'month'
    group by period_number
),

by_attribute as (
    select
        attribute,
        period_number,
        sum(eligible_customers) as eligible_customers,
        sum(active_customers) as active_customers,
        sum(eligible_active_customers) as eligible_active_customers,
        sum(eligible_repurchasers) as eligible_repurchasers,
        sum(orders) as orders,
        sum(net_amount) as net_amount,
        sum(eligible_cumulative_net_amount) as eligible_cumulative_net_amount,
        coalesce(sum(eligible_customers * retention_difference), 0) as balance
    from {{ ref('cohort_retention_by_first_attribute') }}
    group by attribute, period_number
),

attributes as (
    select distinct attribute from by_attribute
)

select
    attributes.attribute,
    cohorts.*
from attributes
cross join cohorts
left join by_attribute
    on
        attributes.attribute = by_attribute.attribute
        and cohorts.period_number = by_attribute.period_number
where
    by_attribute.eligible_customers is distinct from cohorts.eligible_customers
    or by_attribute.active_customers <> cohorts.active_customers
    or by_attribute.eligible_active_customers <> cohorts.eligible_active_customers
    or by_attribute.eligible_repurchasers <> cohorts.eligible_repurchasers
    or by_attribute.orders <> cohorts.orders
    or by_attribute.net_amount <> cohorts.net_amount
    or by_attribute.eligible_cumulative_net_amount
    <> cohorts.eligible_cumulative_net_amount
    or abs(by_attribute.balance) > 1e-6
