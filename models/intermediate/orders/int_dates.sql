with

offsets as (
    select
        first_day,
        {{ series(0, days_between('first_day', 'as_of_date')) }} as day_offset
    from {{ ref('int_observation') }}
    where first_day is not null
),

days as (
    select {{ add_days('first_day', 'day_offset') }} as date_day
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
