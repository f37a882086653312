{{ config(materialized='view') }}

with

period_types as (
    select 'week' as period_type
    union all
    select 'month'
    union all
    select 'quarter'
),

purchase_periods as (
    select
        period_types.period_type,
        {{ period_start('period_types.period_type', 'purchases.purchase_date') }}
            as period_start,
        purchases.purchase_number,
        purchases.orders,
        purchases.orders - case when purchases.purchase_number = 1 then 1 else 0 end
            as repeat_orders,
        coalesce({{ period_number(
            'period_types.period_type',
            'purchases.previous_purchase_date',
            'purchases.purchase_date',
        ) }} > 0, true) as starts_period,
        {{ period_number(
            'period_types.period_type',
            'purchases.purchase_date',
            'purchases.next_purchase_date',
        ) }} as periods_to_next
    from {{ ref('int_purchases') }} as purchases
    cross join period_types
)

select * from purchase_periods
