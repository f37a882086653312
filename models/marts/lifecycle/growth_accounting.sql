with

periods as (
    select
        *,
        periods_over > 0 as is_complete
    from {{ ref('int_period_totals') }}
),

-- A period that is still running can win customers and money back.
flows as (
    select
        periods.period_type,
        periods.period_start,
        observation.as_of_date,
        periods.is_complete,
        periods.active,
        periods.new,
        periods.retained,
        periods.reactivated,
        case when periods.is_complete then periods.churned end as churned,
        case
            when periods.is_complete
                then {{ rate(
                    '(periods.new + periods.reactivated)', 'periods.churned'
                ) }}
        end as quick_ratio,
        periods.revenue,
        periods.new_revenue,
        periods.retained_revenue,
        case when periods.is_complete then periods.expansion_revenue end
            as expansion_revenue,
        case when periods.is_complete then periods.contraction_revenue end
            as contraction_revenue,
        periods.reactivated_revenue,
        case when periods.is_complete then periods.churned_revenue end
            as churned_revenue
    from periods
    cross join {{ ref('int_observation') }} as observation
)

select * from flows
