with

days as (
    select
        date_day,
        {{ days_between('week_start', 'date_day') }} + 1 as weekday
    from {{ ref('int_dates') }}
),

sales as (
    select
        order_date,
        order_hour,
        count(*) as orders,
        sum(net_amount) as net_amount
    from {{ ref('fct_orders') }}
    group by order_date, order_hour
),

bought as (
    select
        days.weekday,
        sales.order_hour,
        sum(sales.orders) as orders,
        sum(sales.net_amount) as net_amount
    from sales
    inner join days on sales.order_date = days.date_day
    where sales.order_hour is not null
    group by days.weekday, sales.order_hour
),

weekdays as (
    select {{ series(1, 7) }} as weekday
),

hours as (
    select
        weekday,
        {{ series(0, 23) }} as hour
    from weekdays
),

-- Every day has each hour once: days on which the clocks change are not told apart.
elapsed as (
    select
        weekday,
        count(*) as elapsed_hours
    from days
    group by weekday
),

dense as (
    select
        hours.weekday,
        hours.hour,
        cast(coalesce(bought.orders, 0) as bigint) as orders,
        cast(coalesce(bought.net_amount, 0) as decimal(18, 2)) as net_amount,
        coalesce(elapsed.elapsed_hours, 0) as elapsed_hours
    from hours
    left join elapsed on hours.weekday = elapsed.weekday
    left join bought
        on hours.weekday = bought.weekday and hours.hour = bought.order_hour
),

totals as (
    select
        sum(orders) as orders,
        sum(elapsed_hours) as elapsed_hours
    from dense
),

untimed as (
    select cast(coalesce(sum(orders), 0) as bigint) as orders_without_time
    from sales
    where order_hour is null
),

described as (
    select
        dense.weekday,
        dense.hour,
        observation.as_of_date,
        dense.orders,
        dense.net_amount,
        dense.elapsed_hours,
        {{ rate(
            'dense.orders * totals.elapsed_hours',
            '(totals.orders * dense.elapsed_hours)'
        ) }} as index,
        untimed.orders_without_time
    from dense
    cross join totals
    cross join untimed
    cross join {{ ref('int_observation') }} as observation
    where totals.orders > 0
)

select * from described
