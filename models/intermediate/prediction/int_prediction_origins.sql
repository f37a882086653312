-- The as-of date, whose horizon lies ahead; three origins before it to be judged by; a
-- fourth, from which the baselines of the third learn.
with

steps as (
    select
        as_of_date,
        observation_start,
        {{ series(0, 4) }} as step
    from {{ ref('int_observation') }}
    where as_of_date is not null
),

origins as (
    select
        {{ add_days('as_of_date', '-90 * step') }} as origin_date,
        {{ add_days('as_of_date', '90 - 90 * step') }} as horizon_end,
        observation_start,
        step = 0 as is_as_of_date,
        step between 1 and 3 as is_evaluated
    from steps
)

select * from origins
