with

periods as (
    select
        periods.period_type,
        periods.period_start,
        observation.as_of_date,
        {{ period_number(
            'periods.period_type',
            'observation.observation_start',
            'periods.period_start',
        ) }} as period_number,
        {{ period_number(
            'periods.period_type',
            'periods.period_start',
            add_days('observation.as_of_date', 1),
        ) }} > 0 as is_complete
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

-- A period that is still running can win customers and money back.
flows as (
    select
        periods.period_type,
        periods.period_start,
        periods.as_of_date,
        periods.is_complete,
        coalesce(counted.active, 0) as active,
        coalesce(counted.new, 0) as new,
        coalesce(counted.retained, 0) as retained,
        coalesce(counted.reactivated, 0) as reactivated,
        case when periods.is_complete then coalesce(counted.churned, 0) end as churned,
        coalesce(counted.revenue, 0) as revenue,
        coalesce(counted.new_revenue, 0) as new_revenue,
        coalesce(counted.retained_revenue, 0) as retained_revenue,
        case when periods.is_complete then coalesce(counted.expansion_revenue, 0) end
            as expansion_revenue,
        case when periods.is_complete then coalesce(counted.contraction_revenue, 0) end
            as contraction_revenue,
        coalesce(counted.reactivated_revenue, 0) as reactivated_revenue,
        case when periods.is_complete then coalesce(counted.churned_revenue, 0) end
            as churned_revenue
    from periods
    left join counted
        on
            periods.period_type = counted.period_type
            and periods.period_number = counted.period_number
),

typed as (
    select
        period_type,
        period_start,
        as_of_date,
        is_complete,
        active,
        new,
        retained,
        reactivated,
        churned,
        {{ rate('(new + reactivated)', 'churned') }} as quick_ratio,
        cast(revenue as decimal(18, 2)) as revenue,
        cast(new_revenue as decimal(18, 2)) as new_revenue,
        cast(retained_revenue as decimal(18, 2)) as retained_revenue,
        cast(expansion_revenue as decimal(18, 2)) as expansion_revenue,
        cast(contraction_revenue as decimal(18, 2)) as contraction_revenue,
        cast(reactivated_revenue as decimal(18, 2)) as reactivated_revenue,
        cast(churned_revenue as decimal(18, 2)) as churned_revenue
    from flows
)

select * from typed
