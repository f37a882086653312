with

days as (
    select
        dates.date_day,
        dates.week_start,
        dates.month_start,
        dates.quarter_start,
        holidays.holiday_name
    from {{ ref('int_dates') }} as dates
    left join {{ ref('holidays') }} as holidays
        on dates.date_day between holidays.start_date and holidays.end_date
)

select * from days
