with

periods as (
    select
        periods.period_type,
        periods.period_start,
        {{ period_number(
            'periods.period_type',
            'observation.observation_start',
            'periods.period_start',
        ) }} as period_number,
        {{ period_number(
            'periods.period_type',
            'periods.period_start',
            add_days('observation.as_of_date', 1),
        ) }} as periods_over
    from {{ ref('int_periods') }} as periods
    cross join {{ ref('int_observation') }} as observation
),

counted as (
    select
        period_type,
        period_number,
        count(*) filter (where status <> 'churned') as active,
        count(*) filter (where status = 'new') as new,
        count(*) filter (where status = 'retained') as retained,
        count(*) filter (where status = 'reactivated') as reactivated,
        count(*) filter (where status = 'churned') as churned,
        count(*) filter (where purchases > 1) as repeat_customers,
        sum(orders) as orders,
        sum(net_amount) as revenue,
        sum(net_amount) filter (where status = 'new') as new_revenue,
        sum(net_amount) filter (where status = 'retained') as retained_revenue,
        sum(greatest(net_amount - previous_net_amount, 0)) filter (
            where status = 'retained'
        ) as expansion_revenue,
        sum(greatest(previous_net_amount - net_amount, 0)) filter (
            where status = 'retained'
        ) as contraction_revenue,
        sum(net_amount) filter (where status = 'reactivated') as reactivated_revenue,
        sum(previous_net_amount) filter (where status = 'churned') as churned_revenue
    from {{ ref('int_customer_periods') }}
    group by period_type, period_number
),

totals as (
    select
        periods.period_type,
        periods.period_start,
        periods.periods_over,
        coalesce(counted.active, 0) as active,
        coalesce(counted.new, 0) as new,
        coalesce(counted.retained, 0) as retained,
        coalesce(counted.reactivated, 0) as reactivated,
        coalesce(counted.churned, 0) as churned,
        coalesce(counted.repeat_customers, 0) as repeat_customers,
        cast(coalesce(counted.orders, 0) as bigint) as orders,
        cast(coalesce(counted.revenue, 0) as decimal(18, 2)) as revenue,
        cast(coalesce(counted.new_revenue, 0) as decimal(18, 2)) as new_revenue,
        cast(coalesce(counted.retained_revenue, 0) as decimal(18, 2))
            as retained_revenue,
        cast(coalesce(counted.expansion_revenue, 0) as decimal(18, 2))
            as expansion_revenue,
        cast(coalesce(counted.contraction_revenue, 0) as decimal(18, 2))
            as contraction_revenue,
        cast(coalesce(counted.reactivated_revenue, 0) as decimal(18, 2))
            as reactivated_revenue,
        cast(coalesce(counted.churned_revenue, 0) as decimal(18, 2)) as churned_revenue
    from periods
    left join counted
        on
            periods.period_type = counted.period_type
            and periods.period_number = counted.period_number
)

select * from totals
