-- Up to every decile there are at least as many profiles as the concentration of revenue counts,
-- since customers of equal value share the best decile among them.
{{ config(tags=['profile', 'value']) }}

with

profiles as (
    select
        value_decile as decile,
        count(*) as customers
    from {{ ref('customer_profiles') }}
    group by value_decile
),

deciles as (
    select
        concentration.decile,
        sum(concentration.customers) over (order by concentration.decile) as customers,
        sum(coalesce(profiles.customers, 0)) over (order by concentration.decile)
            as profiles
    from {{ ref('revenue_concentration') }} as concentration
    left join profiles on concentration.decile = profiles.decile
)

select *
from deciles
where profiles < customers or (decile = 10 and profiles <> customers)
