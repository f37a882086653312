-- The moves of a month out of a state are of all who were in it at the end of the month before, and
-- who comes from none bought first in the month.
{{ config(tags=['lifecycle']) }}

with

last_month as (
    select max(month_start) as last_month
    from {{ ref('lifecycle_transitions') }}
),

present as (
    select
        {{ period_start("'month'", add_days('month_start', 31)) }} as month_start,
        to_state as state,
        customers
    from {{ ref('lifecycle_transitions') }}
    union all
    select
        cohort_month as month_start,
        'none' as state,
        1 as customers
    from {{ ref('fct_customers') }}
),

arrived as (
    select
        present.month_start,
        present.state,
        sum(present.customers) as customers
    from present
    inner join last_month on present.month_start <= last_month.last_month
    group by present.month_start, present.state
),

left_behind as (
    select
        month_start,
        from_state as state,
        sum(customers) as customers
    from {{ ref('lifecycle_transitions') }}
    group by month_start, from_state
)

select
    coalesce(arrived.month_start, left_behind.month_start) as month_start,
    coalesce(arrived.state, left_behind.state) as state,
    arrived.customers as in_state,
    left_behind.customers as moved_on
from arrived
full outer join left_behind
    on
        arrived.month_start = left_behind.month_start
        and arrived.state = left_behind.state
where arrived.customers is distinct from left_behind.customers
