with

days as (
    select
        date_day,
        weekday,
        orders,
        net_amount,
        count(*) over centred as days_around,
        sum(orders) over centred as orders_around,
        sum(net_amount) over centred as net_amount_around
    from {{ ref('int_observed_days') }}
    window centred as (order by date_day rows between 3 preceding and 3 following)
),

ratios as (
    select
        date_day,
        weekday,
        orders,
        net_amount,
        case
            when days_around = 7 then {{ rate('7 * orders', 'orders_around') }}
        end as orders_ratio,
        case
            when days_around = 7 then {{ rate('7 * net_amount', 'net_amount_around') }}
        end as net_amount_ratio
    from days
)

select * from ratios
