-- At the end of the last month that is over the states are those that the purchases until then say,
-- counted customer by customer.
{{ config(tags=['lifecycle']) }}

with

month_end as (
    select
        max(month_start) as month_start,
        {{ add_days(
            period_start("'month'", add_days('max(month_start)', 31)), -1
        ) }} as last_day
    from {{ ref('lifecycle_transitions') }}
),

last_purchases as (
    select
        {{ days_between('purchases.purchase_date', 'month_end.last_day') }} as recency_days,
        {{ days_between('purchases.previous_purchase_date', 'purchases.purchase_date') }}
            as gap_days
    from {{ ref('int_purchases') }} as purchases
    cross join month_end
    where
        purchases.purchase_date <= month_end.last_day
        and coalesce(purchases.next_purchase_date > month_end.last_day, true)
),

states as (
    select
        case
            when
                recency_days <= {{ var('active_days') }} and gap_days > {{ var('lapse_days') }}
                then 'reactivated'
            when recency_days <= {{ var('active_days') }} and gap_days is null then 'new'
            when recency_days <= {{ var('active_days') }} then 'active'
            when recency_days <= {{ var('lapse_days') }} then 'at_risk'
            when recency_days <= {{ var('lost_days') }} then 'lapsed'
            else 'lost'
        end as state
    from last_purchases
),

counted as (
    select
        state,
        count(*) as customers
    from states
    group by state
),

moved as (
    select
        moves.to_state as state,
        sum(moves.customers) as customers
    from {{ ref('lifecycle_transitions') }} as moves
    inner join month_end on moves.month_start = month_end.month_start
    group by moves.to_state
)

select
    coalesce(counted.state, moved.state) as state,
    counted.customers as by_purchases,
    moved.customers as by_moves
from counted
full outer join moved on counted.state = moved.state
where counted.customers is distinct from moved.customers
