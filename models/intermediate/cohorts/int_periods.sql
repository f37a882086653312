with

first_purchase as (
    select min(purchase_date) as first_purchase_date
    from {{ ref('int_purchases') }}
),

days as (
    select
        dates.week_start,
        dates.month_start,
        dates.quarter_start
    from {{ ref('int_dates') }} as dates
    inner join first_purchase on dates.date_day >= first_purchase.first_purchase_date
),

periods as (
    select 'week' as period_type, week_start as period_start from days
    union
    select 'month', month_start from days
    union
    select 'quarter', quarter_start from days
)

select * from periods
