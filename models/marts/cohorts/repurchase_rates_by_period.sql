{% set periods_over = period_number(
    'periods.period_type', 'periods.period_start', 'observation.day_after'
) %}

with

observation as (
    select
        as_of_date,
        {{ add_days('as_of_date', 1) }} as day_after
    from {{ ref('int_observation') }}
),

periods as (
    select
        period_type,
        period_start
    from {{ ref('int_periods') }}
),

counted as (
    select
        period_type,
        period_start,
        count(*) filter (where starts_period) as buyers,
        count(*) filter (where starts_period and periods_to_next = 0)
            as repeat_customers,
        count(*) filter (where periods_to_next = 1) as next_period_buyers,
        cast(sum(orders) as bigint) as orders,
        cast(sum(repeat_orders) as bigint) as repeat_orders,
        count(*) filter (where starts_period and purchase_number > 1)
            as returning_customers
    from {{ ref('int_purchase_periods') }}
    group by period_type, period_start
),

dense as (
    select
        periods.period_type,
        periods.period_start,
        observation.as_of_date,
        coalesce(counted.buyers, 0) as buyers,
        coalesce(counted.repeat_customers, 0) as repeat_customers,
        coalesce(counted.next_period_buyers, 0) as next_period_buyers,
        coalesce(counted.orders, 0) as orders,
        coalesce(counted.repeat_orders, 0) as repeat_orders,
        coalesce(counted.returning_customers, 0) as returning_customers,
        {{ periods_over }} > 0 as is_mature,
        {{ periods_over }} > 1 as is_next_period_mature
    from periods
    cross join observation
    left join counted
        on
            periods.period_type = counted.period_type
            and periods.period_start = counted.period_start
),

rated as (
    select
        period_type,
        period_start,
        as_of_date,
        buyers,
        repeat_customers,
        {{ rate('repeat_customers', 'buyers') }} as repeat_customer_rate,
        {{ wilson_low('repeat_customers', 'buyers') }} as repeat_customer_ci_low,
        {{ wilson_high('repeat_customers', 'buyers') }} as repeat_customer_ci_high,
        next_period_buyers,
        case
            when is_next_period_mature
                then {{ rate('next_period_buyers', 'buyers') }}
        end as next_period_repurchase_rate,
        case
            when is_next_period_mature
                then {{ wilson_low('next_period_buyers', 'buyers') }}
        end as next_period_repurchase_ci_low,
        case
            when is_next_period_mature
                then {{ wilson_high('next_period_buyers', 'buyers') }}
        end as next_period_repurchase_ci_high,
        orders,
        repeat_orders,
        {{ rate('repeat_orders', 'orders') }} as repeat_order_share,
        {{ wilson_low('repeat_orders', 'orders') }} as repeat_order_ci_low,
        {{ wilson_high('repeat_orders', 'orders') }} as repeat_order_ci_high,
        returning_customers,
        {{ rate('returning_customers', 'buyers') }} as returning_customer_share,
        {{ wilson_low('returning_customers', 'buyers') }}
            as returning_customer_ci_low,
        {{ wilson_high('returning_customers', 'buyers') }}
            as returning_customer_ci_high,
        is_mature,
        is_next_period_mature
    from dense
)

select * from rated
