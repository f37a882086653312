with

-- Every new customer has one order that is no repeat order.
periods as (
    select
        totals.period_type,
        totals.period_start,
        observation.as_of_date,
        totals.active as buyers,
        totals.repeat_customers,
        coalesce(
            lead(totals.retained) over (
                partition by totals.period_type order by totals.period_start
            ),
            0
        ) as next_period_buyers,
        totals.orders,
        totals.orders - totals.new as repeat_orders,
        totals.active - totals.new as returning_customers,
        totals.periods_over > 0 as is_mature,
        totals.periods_over > 1 as is_next_period_mature
    from {{ ref('int_period_totals') }} as totals
    cross join {{ ref('int_observation') }} as observation
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
    from periods
)

select * from rated
