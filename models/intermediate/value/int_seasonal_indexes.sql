with

ratios as (
    select
        'month' as period_type,
        month_number as period,
        orders,
        net_amount,
        orders_ratio,
        net_amount_ratio
    from {{ ref('int_month_ratios') }}
    union all
    select 'weekday', weekday, orders, net_amount, orders_ratio, net_amount_ratio
    from {{ ref('int_weekday_ratios') }}
    union all
    select 'holiday', holiday_number, orders, net_amount, orders_ratio, net_amount_ratio
    from {{ ref('int_holiday_ratios') }}
),

averaged as (
    select
        period_type,
        period,
        cast(sum(orders) as bigint) as orders,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        count(orders_ratio) as cycles_used,
        {{ sum_in_order('orders_ratio') }} / count(orders_ratio) as orders_ratio,
        {{ sum_in_order('net_amount_ratio') }} / count(net_amount_ratio)
            as net_amount_ratio
    from ratios
    group by period_type, period
),

-- Holidays are compared with other days, not with each other.
scaled as (
    select
        *,
        case
            when period_type = 'holiday' then 1
            else avg(orders_ratio) over (
                partition by period_type
                order by orders_ratio
                rows between unbounded preceding and unbounded following
            )
        end as orders_scale,
        case
            when period_type = 'holiday' then 1
            else avg(net_amount_ratio) over (
                partition by period_type
                order by net_amount_ratio
                rows between unbounded preceding and unbounded following
            )
        end as net_amount_scale
    from averaged
),

indexes as (
    select
        period_type,
        period,
        orders,
        net_amount,
        cycles_used,
        {{ rate('orders_ratio', 'orders_scale') }} as orders_index,
        {{ rate('net_amount_ratio', 'net_amount_scale') }} as net_amount_index
    from scaled
)

select * from indexes
