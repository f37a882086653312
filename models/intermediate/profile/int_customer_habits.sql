{{ incremental_by('customer_key', 'int_changed_customers') }}

with

orders as (
    select
        customer_key,
        order_number,
        is_discounted,
        channel,
        country,
        {{ as_text(
            days_between(period_start("'week'", 'order_date'), 'order_date') ~ ' + 1'
        ) }} as day_of_week,
        case
            when order_hour < 6 then '00-06'
            when order_hour < 12 then '06-12'
            when order_hour < 18 then '12-18'
            when order_hour < 24 then '18-24'
        end as hour_band
    from {{ ref('fct_orders') }}
    where
        not is_guest
        and {{ is_touched() }}
),

-- One row per order and habit.
choices as (
    select customer_key, order_number, 'channel' as habit, channel as choice
    from orders
    union all
    select customer_key, order_number, 'country', country from orders
    union all
    select customer_key, order_number, 'day_of_week', day_of_week from orders
    union all
    select customer_key, order_number, 'hour_band', hour_band from orders
),

counted as (
    select
        customer_key,
        habit,
        choice,
        count(*) as orders,
        max(order_number) as latest_order
    from choices
    where choice is not null
    group by customer_key, habit, choice
),

-- No two choices have their latest order in common.
ranked as (
    select
        *,
        row_number() over (
            partition by customer_key, habit
            order by orders desc, latest_order desc
        ) as preference
    from counted
),

preferred as (
    select
        customer_key,
        max(choice) filter (where habit = 'channel') as preferred_channel,
        max(choice) filter (where habit = 'country') as country,
        cast(max(choice) filter (where habit = 'day_of_week') as bigint)
            as preferred_weekday,
        max(choice) filter (where habit = 'hour_band') as preferred_hour_band
    from ranked
    where preference = 1
    group by customer_key
),

discounts as (
    select
        customer_key,
        count(*) filter (where is_discounted) as discounted_orders
    from orders
    group by customer_key
),

habits as (
    select
        preferred.customer_key,
        preferred.preferred_channel,
        preferred.country,
        preferred.preferred_weekday,
        preferred.preferred_hour_band,
        discounts.discounted_orders
    from preferred
    inner join discounts on preferred.customer_key = discounts.customer_key
)

select * from habits
