with

months as (
    select distinct month_start
    from {{ ref('int_dates') }}
),

layers as (
    select
        {{ period_start("'month'", 'event_date') }} as month_start,
        {{ period_start("'quarter'", 'first_purchase_date') }} as cohort_quarter,
        active_in_month as customers,
        orders,
        net_amount
    from {{ ref('int_cohort_days') }}
    union all
    select
        {{ period_start("'month'", 'date_day') }} as month_start,
        null as cohort_quarter,
        null as customers,
        orders,
        net_amount
    from {{ ref('int_revenue_days') }}
    where buyer_type = 'guest'
),

-- Guests have no first purchase: their layer begins with the calendar.
first_months as (
    select
        cohort_quarter,
        case when cohort_quarter is not null then min(month_start) end as first_month
    from layers
    group by cohort_quarter
),

dense as (
    select
        month_start,
        cohort_quarter,
        customers,
        orders,
        net_amount
    from layers
    union all
    select
        months.month_start,
        first_months.cohort_quarter,
        case when first_months.cohort_quarter is not null then 0 end as customers,
        0 as orders,
        0 as net_amount
    from first_months
    inner join months
        on coalesce(first_months.first_month <= months.month_start, true)
),

summed as (
    select
        month_start,
        cohort_quarter,
        cast(sum(customers) as bigint) as customers,
        cast(sum(orders) as bigint) as orders,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount
    from dense
    group by month_start, cohort_quarter
),

described as (
    select
        summed.month_start,
        summed.cohort_quarter,
        observation.as_of_date,
        {{ period_number(
            "'month'", 'summed.month_start', add_days('observation.as_of_date', 1)
        ) }} > 0 as is_complete,
        summed.customers,
        summed.orders,
        summed.net_amount
    from summed
    cross join {{ ref('int_observation') }} as observation
)

select * from described
