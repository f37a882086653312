with

offsets as (
    select
        observation_start,
        {{ series(0, days_between('observation_start', 'as_of_date')) }} as day_offset
    from {{ ref('int_observation') }}
    where observation_start is not null
),

days as (
    select {{ add_days('observation_start', 'day_offset') }} as date_day
    from offsets
),

described as (
    select
        date_day,
        {{ period_start("'week'", 'date_day') }} as week_start,
        {{ period_start("'month'", 'date_day') }} as month_start,
        {{ period_start("'quarter'", 'date_day') }} as quarter_start
    from days
)

select * from described
