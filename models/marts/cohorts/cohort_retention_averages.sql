with

mature_cells as (
    select cells.*
    from {{ ref('int_cohort_cells') }} as cells
    inner join {{ ref('cohort_retention') }} as cohorts
        on
            cells.period_type = cohorts.period_type
            and cells.cohort_start = cohorts.cohort_start
            and cells.period_number = cohorts.period_number
    where cohorts.is_mature
),

populations as (
    select
        *,
        false as is_left_censored_excluded
    from mature_cells
    union all
    select
        *,
        true as is_left_censored_excluded
    from mature_cells
    where not is_left_censored
),

counted as (
    select
        period_type,
        period_number,
        is_left_censored_excluded,
        count(distinct cohort_start) as cohorts,
        cast(sum(customers) as bigint) as eligible_customers,
        cast(sum(active_customers) as bigint) as eligible_active_customers,
        cast(sum(repurchasers_to_date) as bigint) as eligible_repurchasers
    from populations
    group by period_type, period_number, is_left_censored_excluded
),

rated as (
    select
        counted.period_type,
        counted.period_number,
        counted.is_left_censored_excluded,
        observation.as_of_date,
        counted.cohorts,
        counted.eligible_customers,
        counted.eligible_active_customers,
        {{ rate('counted.eligible_active_customers', 'counted.eligible_customers') }}
            as retention_rate,
        {{ wilson_low(
            'counted.eligible_active_customers', 'counted.eligible_customers'
        ) }} as retention_ci_low,
        {{ wilson_high(
            'counted.eligible_active_customers', 'counted.eligible_customers'
        ) }} as retention_ci_high,
        counted.eligible_repurchasers,
        {{ rate('counted.eligible_repurchasers', 'counted.eligible_customers') }}
            as cumulative_repurchase_rate,
        {{ wilson_low('counted.eligible_repurchasers', 'counted.eligible_customers') }}
            as cumulative_repurchase_ci_low,
        {{ wilson_high('counted.eligible_repurchasers', 'counted.eligible_customers') }}
            as cumulative_repurchase_ci_high
    from counted
    cross join {{ ref('int_observation') }} as observation
)

select * from rated
