with

-- The values of an attribute are all customers.
cells as (
    select
        *,
        sum(eligible_customers) over all_values as all_customers,
        sum(eligible_active_customers) over all_values as all_active_customers,
        sum(eligible_repurchasers) over all_values as all_repurchasers,
        sum(eligible_cumulative_net_amount) over all_values as all_net_amount
    from {{ ref('int_attribute_cells') }}
    window all_values as (partition by attribute, period_number)
),

rated as (
    select
        *,
        {{ rate('eligible_active_customers', 'eligible_customers') }}
            as retention_rate,
        {{ rate('eligible_repurchasers', 'eligible_customers') }}
            as cumulative_repurchase_rate,
        {{ average_amount('eligible_cumulative_net_amount', 'eligible_customers') }}
            as cumulative_ltv,
        {{ rate('all_active_customers', 'all_customers') }} as all_retention_rate,
        {{ rate('all_repurchasers', 'all_customers') }} as all_repurchase_rate,
        {{ average_amount('all_net_amount', 'all_customers') }} as all_ltv
    from cells
),

compared as (
    select
        rated.attribute,
        rated.value,
        rated.period_number,
        observation.as_of_date,
        rated.cohort_size,
        rated.eligible_customers,
        rated.active_customers,
        rated.eligible_active_customers,
        rated.orders,
        rated.net_amount,
        rated.retention_rate,
        {{ wilson_low('rated.eligible_active_customers', 'rated.eligible_customers') }}
            as retention_ci_low,
        {{ wilson_high('rated.eligible_active_customers', 'rated.eligible_customers') }}
            as retention_ci_high,
        rated.repurchasers_to_date,
        rated.eligible_repurchasers,
        rated.cumulative_repurchase_rate,
        {{ wilson_low('rated.eligible_repurchasers', 'rated.eligible_customers') }}
            as cumulative_repurchase_ci_low,
        {{ wilson_high('rated.eligible_repurchasers', 'rated.eligible_customers') }}
            as cumulative_repurchase_ci_high,
        rated.cumulative_net_amount,
        rated.eligible_cumulative_net_amount,
        rated.cumulative_ltv,
        rated.eligible_customers = rated.cohort_size as is_mature,
        rated.retention_rate - rated.all_retention_rate as retention_difference,
        rated.cumulative_repurchase_rate - rated.all_repurchase_rate
            as cumulative_repurchase_difference,
        cast(rated.cumulative_ltv - rated.all_ltv as decimal(18, 2))
            as cumulative_ltv_difference
    from rated
    cross join {{ ref('int_observation') }} as observation
)

select * from compared
