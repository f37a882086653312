-- Every attribute splits all customers first seen long enough ago, and an odds ratio lies in its
-- interval.
{{ config(tags=['lifecycle']) }}

with

features as (
    select
        feature,
        sum(customers) as customers,
        sum(lapsed + retained) as lapsed_and_retained,
        count(*) filter (where odds_ratio < ci_low or odds_ratio > ci_high) as outside,
        count(*) filter (where odds_ratio is null) as without_odds,
        count(*) as driver_values
    from {{ ref('churn_drivers') }}
    group by feature
),

old_customers as (
    select count(*) as customers
    from {{ ref('fct_customers') }}
    where tenure_days > {{ var('lapse_days') }}
)

select
    features.*,
    old_customers.customers as old_customers
from features
cross join old_customers
where
    features.customers <> old_customers.customers
    or features.lapsed_and_retained <> old_customers.customers
    or features.outside > 0
    or (features.without_odds > 0) <> (features.driver_values = 1)
