{{ config(materialized='view') }}

with

period_types as (
    select 'week' as period_type
    union all
    select 'month'
    union all
    select 'quarter'
),

purchases as (
    select
        purchases.customer_key,
        period_types.period_type,
        {{ period_number(
            'period_types.period_type',
            'observation.observation_start',
            'purchases.purchase_date',
        ) }} as period_number,
        purchases.purchase_number,
        purchases.net_amount
    from {{ ref('int_purchases') }} as purchases
    cross join period_types
    cross join {{ ref('int_observation') }} as observation
),

active_periods as (
    select
        customer_key,
        period_type,
        period_number,
        min(purchase_number) = 1 as is_first,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount
    from purchases
    group by customer_key, period_type, period_number
),

neighbours as (
    select
        *,
        lag(period_number) over in_sequence as previous_period,
        lead(period_number) over in_sequence as next_period,
        lag(net_amount) over in_sequence as previous_net_amount
    from active_periods
    window in_sequence as (
        partition by customer_key, period_type order by period_number
    )
),

statuses as (
    select
        customer_key,
        period_type,
        period_number,
        case
            when is_first then 'new'
            when previous_period = period_number - 1 then 'retained'
            else 'reactivated'
        end as status,
        net_amount,
        case
            when previous_period = period_number - 1 then previous_net_amount
            else cast(0 as decimal(18, 2))
        end as previous_net_amount
    from neighbours
    union all
    select
        customer_key,
        period_type,
        period_number + 1 as period_number,
        'churned' as status,
        cast(0 as decimal(18, 2)) as net_amount,
        net_amount as previous_net_amount
    from neighbours
    where coalesce(next_period > period_number + 1, true)
)

select * from statuses
