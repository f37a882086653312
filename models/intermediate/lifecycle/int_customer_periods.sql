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
        purchases.orders,
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
        count(*) as purchases,
        cast(sum(orders) as bigint) as orders,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount
    from purchases
    group by customer_key, period_type, period_number
),

-- Who bought in the period before and not in this one has a row all the same.
statuses as (
    select
        coalesce(active.customer_key, previous.customer_key) as customer_key,
        coalesce(active.period_type, previous.period_type) as period_type,
        coalesce(active.period_number, previous.period_number + 1) as period_number,
        case
            when active.customer_key is null then 'churned'
            when active.is_first then 'new'
            when previous.customer_key is null then 'reactivated'
            else 'retained'
        end as status,
        coalesce(active.purchases, 0) as purchases,
        coalesce(active.orders, 0) as orders,
        coalesce(active.net_amount, cast(0 as decimal(18, 2))) as net_amount,
        coalesce(previous.net_amount, cast(0 as decimal(18, 2))) as previous_net_amount
    from active_periods as active
    full outer join active_periods as previous
        on
            active.customer_key = previous.customer_key
            and active.period_type = previous.period_type
            and active.period_number = previous.period_number + 1
)

select * from statuses
