with

observation as (
    select
        observation_start,
        {{ add_days('as_of_date', 1) }} as day_after
    from {{ ref('int_observation') }}
),

days as (
    select
        revenue.date_day,
        dates.month_start,
        {{ days_between('dates.week_start', 'revenue.date_day') }} + 1 as weekday,
        dates.month_start >= observation.observation_start
        and {{ period_number("'month'", 'revenue.date_day', 'observation.day_after') }}
        > 0 as is_in_whole_month,
        revenue.orders,
        revenue.net_amount_by_order_date as net_amount
    from {{ ref('calendar_revenue') }} as revenue
    inner join {{ ref('int_dates') }} as dates on revenue.date_day = dates.date_day
    cross join observation
    where revenue.date_day >= observation.observation_start
)

select * from days
