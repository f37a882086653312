-- Of those judged from the last origin, the outcome is their purchases of the 90 days up
-- to the as-of date, when all refunds are known.
{{ config(tags=['prediction']) }}

with

judged as (
    select
        outcomes.customer_key,
        outcomes.origin_date,
        outcomes.actual_purchases,
        observation.as_of_date
    from {{ ref('int_outcomes') }} as outcomes
    inner join {{ ref('int_observation') }} as observation
        on outcomes.horizon_end = observation.as_of_date
),

counted as (
    select
        judged.customer_key,
        judged.actual_purchases,
        count(purchases.purchase_date) as purchases,
        {{ days_between('judged.origin_date', 'judged.as_of_date') }} as days
    from judged
    left join {{ ref('int_purchases') }} as purchases
        on
            judged.customer_key = purchases.customer_key
            and judged.origin_date < purchases.purchase_date
    group by
        judged.customer_key,
        judged.actual_purchases,
        judged.origin_date,
        judged.as_of_date
)

select *
from counted
where actual_purchases <> purchases or days <> 90
