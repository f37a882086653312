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
        observation.as_of_date,
        cast(cohorts.cohort_size as bigint) as cohort_size,
        cast(coalesce(cells.eligible_customers, 0) as bigint) as eligible_customers,
        cast(cells.active_customers as bigint) as active_customers,
        cast(coalesce(cells.eligible_active_customers, 0) as bigint)
            as eligible_active_customers,
        cast(cells.orders as bigint) as orders,
        cast(cells.net_amount as decimal(18, 2)) as net_amount,
        cast(sum(cells.new_repurchasers) over to_date as bigint)
            as repurchasers_to_date,
        cast(coalesce(cells.eligible_repurchasers, 0) as bigint)
            as eligible_repurchasers,
        cast(sum(cells.net_amount) over to_date as decimal(18, 2))
            as cumulative_net_amount,
        coalesce(cells.eligible_customers, 0) = cohorts.cohort_size as is_mature
    from cells
    inner join cohorts
        on
            cells.period_type = cohorts.period_type
            and cells.cohort_start = cohorts.cohort_start
    cross join {{ ref('int_observation') }} as observation
    window to_date as (
        partition by cells.period_type, cells.cohort_start order by cells.period_number
    )
),

rated as (
    select
        period_type,
        cohort_start,
        period_number,
        as_of_date,
        cohort_size,
        eligible_customers,
        active_customers,
        eligible_active_customers,
        orders,
        net_amount,
        {{ rate('eligible_active_customers', 'eligible_customers') }}
            as retention_rate,
        {{ wilson_low('eligible_active_customers', 'eligible_customers') }}
            as retention_ci_low,
        {{ wilson_high('eligible_active_customers', 'eligible_customers') }}
            as retention_ci_high,
        repurchasers_to_date,
        eligible_repurchasers,
        {{ rate('eligible_repurchasers', 'eligible_customers') }}
            as cumulative_repurchase_rate,
        {{ wilson_low('eligible_repurchasers', 'eligible_customers') }}
            as cumulative_repurchase_ci_low,
        {{ wilson_high('eligible_repurchasers', 'eligible_customers') }}
            as cumulative_repurchase_ci_high,
        cumulative_net_amount,
        case
            when is_mature
                then {{ average_amount('cumulative_net_amount', 'cohort_size') }}
        end as cumulative_ltv,
        is_mature
    from counted
)

select * from rated
