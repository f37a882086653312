-- One row per calendar period from the first purchase to the as-of date.
with

days as (
    select *
    from {{ ref('int_dates') }}
    where date_day >= (select min(purchase_date) from {{ ref('int_purchases') }})
),

periods as (
    select
        'week' as period_type,
        week_start as period_start
    from days
    union
    select
        'month',
        month_start
    from days
    union
    select
        'quarter',
        quarter_start
    from days
)

select * from periods
