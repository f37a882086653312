with

observation as (
    select
        as_of_date,
        {{ add_days('as_of_date', 1) }} as day_after,
        {{ add_days('observation_start', var('burn_in_days')) }} as uncensored_from
    from {{ ref('int_observation') }}
),

period_types as (
    select 'week' as period_type
    union all
    select 'month'
    union all
    select 'quarter'
    union all
    select '30_days'
),

-- A period is over once the day after the as-of date lies in a later one.
first_days as (
    select
        period_types.period_type,
        case
            when period_types.period_type = '30_days'
                then {{ period_start("'month'", 'cohort_days.first_purchase_date') }}
            else {{ period_start(
                'period_types.period_type', 'cohort_days.first_purchase_date'
            ) }}
        end as cohort_start,
        cohort_days.first_purchase_date,
        cohort_days.new_customers as customers,
        cohort_days.first_purchase_date < observation.uncensored_from
            as is_left_censored,
        {{ period_number(
            'period_types.period_type',
            'cohort_days.first_purchase_date',
            'observation.as_of_date',
        ) }} as last_period,
        {{ period_number(
            'period_types.period_type',
            'cohort_days.first_purchase_date',
            'observation.day_after',
        ) }} as periods_over
    from {{ ref('int_cohort_days') }} as cohort_days
    cross join period_types
    cross join observation
    where cohort_days.event_date = cohort_days.first_purchase_date
),

spine as (
    select
        *,
        {{ series(0, 'last_period') }} as period_number
    from first_days
),

events as (
    select
        period_types.period_type,
        cohort_days.first_purchase_date,
        {{ period_number(
            'period_types.period_type',
            'cohort_days.first_purchase_date',
            'cohort_days.event_date',
        ) }} as period_number,
        sum(
            case period_types.period_type
                when 'week' then cohort_days.active_in_week
                when 'month' then cohort_days.active_in_month
                when 'quarter' then cohort_days.active_in_quarter
                when '30_days' then cohort_days.active_in_age
            end
        ) as active_customers,
        sum(cohort_days.new_repurchasers) as new_repurchasers,
        sum(cohort_days.orders) as orders,
        sum(cohort_days.net_amount) as net_amount
    from {{ ref('int_cohort_days') }} as cohort_days
    cross join period_types
    group by period_types.period_type, cohort_days.first_purchase_date, period_number
),

cells as (
    select
        spine.period_type,
        spine.cohort_start,
        spine.first_purchase_date,
        spine.is_left_censored,
        spine.period_number,
        spine.customers,
        spine.period_number < spine.periods_over as is_over,
        coalesce(events.active_customers, 0) as active_customers,
        coalesce(events.new_repurchasers, 0) as new_repurchasers,
        sum(coalesce(events.new_repurchasers, 0)) over (
            partition by spine.period_type, spine.first_purchase_date
            order by spine.period_number
        ) as repurchasers_to_date,
        coalesce(events.orders, 0) as orders,
        coalesce(events.net_amount, 0) as net_amount
    from spine
    left join events
        on
            spine.period_type = events.period_type
            and spine.first_purchase_date = events.first_purchase_date
            and spine.period_number = events.period_number
)

select * from cells
