with

observation as (
    select
        as_of_date,
        {{ add_days('observation_start', var('burn_in_days')) }} as uncensored_from
    from {{ ref('int_observation') }}
),

windows as (
    {%- for days in var('repurchase_windows') %}
        select cast({{ days }} as bigint) as window_days
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

customers as (
    select
        {{ period_start("'month'", 'seconds.first_purchase_date') }} as cohort_start,
        windows.window_days,
        seconds.customers,
        {{ add_days('seconds.first_purchase_date', 'windows.window_days') }}
        <= observation.as_of_date as is_eligible,
        coalesce(seconds.days_to_second <= windows.window_days, false)
            as is_repurchaser,
        seconds.first_purchase_date < observation.uncensored_from as is_left_censored
    from {{ ref('int_second_purchases') }} as seconds
    cross join windows
    cross join observation
),

cohorts_and_all as (
    select * from customers
    union all
    select
        null as cohort_start,
        window_days,
        customers,
        is_eligible,
        is_repurchaser,
        is_left_censored
    from customers
),

counted as (
    select
        cohort_start,
        window_days,
        cast(sum(customers) as bigint) as customers,
        {{ count_where('is_eligible') }} as eligible_customers,
        {{ count_where('is_eligible and is_repurchaser') }} as repurchasers,
        {{ count_where('is_eligible and not is_left_censored') }}
            as uncensored_eligible_customers,
        {{ count_where('is_eligible and is_repurchaser and not is_left_censored') }}
            as uncensored_repurchasers
    from cohorts_and_all
    group by cohort_start, window_days
),

rated as (
    select
        counted.cohort_start,
        counted.window_days,
        observation.as_of_date,
        counted.customers,
        counted.eligible_customers,
        counted.repurchasers,
        {{ rate('counted.repurchasers', 'counted.eligible_customers') }}
            as repurchase_rate,
        {{ wilson_low('counted.repurchasers', 'counted.eligible_customers') }}
            as ci_low,
        {{ wilson_high('counted.repurchasers', 'counted.eligible_customers') }}
            as ci_high,
        counted.uncensored_eligible_customers,
        counted.uncensored_repurchasers,
        {{ rate(
            'counted.uncensored_repurchasers', 'counted.uncensored_eligible_customers'
        ) }} as uncensored_repurchase_rate,
        counted.eligible_customers = counted.customers as is_mature
    from counted
    cross join observation
)

select * from rated
