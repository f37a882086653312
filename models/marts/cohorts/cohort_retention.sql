with

cells as (
    select
        period_type,
        cohort_start,
        period_number,
        sum(customers) filter (where is_over) as eligible_customers,
        sum(active_customers) as active_customers,
        sum(active_customers) filter (where is_over) as eligible_active_customers,
        sum(orders) as orders,
        sum(net_amount) as net_amount,
        sum(new_repurchasers) as new_repurchasers,
        sum(repurchasers_to_date) filter (where is_over) as eligible_repurchasers
    from {{ ref('int_cohort_cells') }}
    group by period_type, cohort_start, period_number
),

cohorts as (
    select
        period_type,
        cohort_start,
        sum(customers) as cohort_size
    from {{ ref('int_cohort_cells') }}
    where period_number = 0
    group by period_type, cohort_start
),

counted as (
    select
        cells.period_type,
        cells.cohort_start,
        cells.period_number,
        cast(cohorts.cohort_size as bigint) as cohort_size,
        cast(coalesce(cells.eligible_customers, 0) as bigint) as eligible_customers,
        cast(cells.active_customers as bigint) as active_customers,
        cast(coalesce(cells.eligible_active_customers, 0) as bigint) as eligible_active_customers,
        cast(cells.orders as bigint) as orders,
        cast(cells.net_amount as decimal(18, 2)) as net_amount,
        cast(sum(cells.new_repurchasers) over to_date as bigint) as repurchasers_to_date,
        cast(coalesce(cells.eligible_repurchasers, 0) as bigint) as eligible_repurchasers,
        cast(sum(cells.net_amount) over to_date as decimal(18, 2)) as cumulative_net_amount,
        coalesce(cells.eligible_customers, 0) = cohorts.cohort_size as is_mature
    from cells
    inner join cohorts
        on cells.period_type = cohorts.period_type and cells.cohort_start = cohorts.cohort_start
    window to_date as (
        partition by cells.period_type, cells.cohort_start order by cells.period_number
    )
),

rated as (
    select
        counted.period_type,
        counted.cohort_start,
        counted.period_number,
        observation.as_of_date,
        counted.cohort_size,
        counted.eligible_customers,
        counted.active_customers,
        counted.eligible_active_customers,
        counted.orders,
        counted.net_amount,
        {{ rate('counted.eligible_active_customers', 'counted.eligible_customers') }}
            as retention_rate,
        {{ wilson_low('counted.eligible_active_customers', 'counted.eligible_customers') }}
            as retention_ci_low,
        {{ wilson_high('counted.eligible_active_customers', 'counted.eligible_customers') }}
            as retention_ci_high,
        counted.repurchasers_to_date,
        counted.eligible_repurchasers,
        {{ rate('counted.eligible_repurchasers', 'counted.eligible_customers') }}
            as cumulative_repurchase_rate,
        {{ wilson_low('counted.eligible_repurchasers', 'counted.eligible_customers') }}
            as cumulative_repurchase_ci_low,
        {{ wilson_high('counted.eligible_repurchasers', 'counted.eligible_customers') }}
            as cumulative_repurchase_ci_high,
        counted.cumulative_net_amount,
        case
            when counted.is_mature
                then {{ average_amount('counted.cumulative_net_amount', 'counted.cohort_size') }}
        end as cumulative_ltv,
        counted.is_mature
    from counted
    cross join {{ ref('int_observation') }} as observation
)

select * from rated
