{% set neighbour_days = 28 %}

with

holidays as (
    select
        {{ as_text('holiday_name') }} as holiday_name,
        start_date,
        end_date,
        dense_rank() over (order by {{ as_text('holiday_name') }}) as holiday_number
    from {{ ref('holidays') }}
),

days as (
    select
        observed.date_day,
        observed.orders,
        observed.net_amount,
        count(holidays.start_date) > 0 as is_holiday
    from {{ ref('int_observed_days') }} as observed
    left join holidays
        on observed.date_day between holidays.start_date and holidays.end_date
    group by observed.date_day, observed.orders, observed.net_amount
),

-- Every day of the holiday and around it that was observed.
around as (
    select
        holidays.holiday_number,
        holidays.holiday_name,
        holidays.start_date,
        {{ days_between('holidays.start_date', 'holidays.end_date') }} + 1
            as holiday_days,
        days.date_day,
        days.orders,
        days.net_amount,
        days.date_day between holidays.start_date and holidays.end_date as is_in_it,
        not days.is_holiday as is_neighbour
    from holidays
    left join days
        on
            days.date_day
            between {{ add_days('holidays.start_date', -neighbour_days) }}
            and {{ add_days('holidays.end_date', neighbour_days) }}
),

summed as (
    select
        holiday_number,
        holiday_name,
        start_date,
        holiday_days,
        count(date_day) = holiday_days + 2 * {{ neighbour_days }} as is_whole,
        cast(coalesce(sum(orders) filter (where is_in_it), 0) as bigint) as orders,
        cast(
            coalesce(sum(net_amount) filter (where is_in_it), 0) as decimal(18, 2)
        ) as net_amount,
        count(*) filter (where is_neighbour) as neighbours,
        sum(orders) filter (where is_neighbour) as neighbour_orders,
        sum(net_amount) filter (where is_neighbour) as neighbour_net_amount
    from around
    group by holiday_number, holiday_name, start_date, holiday_days
),

ratios as (
    select
        holiday_number,
        holiday_name,
        start_date,
        orders,
        net_amount,
        case
            when is_whole then {{ rate(
                'orders * neighbours', '(neighbour_orders * holiday_days)'
            ) }}
        end as orders_ratio,
        case
            when is_whole then {{ rate(
                'net_amount * neighbours', '(neighbour_net_amount * holiday_days)'
            ) }}
        end as net_amount_ratio
    from summed
)

select * from ratios
