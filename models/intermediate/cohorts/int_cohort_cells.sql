-- One row per period type, first purchase day and period, dense up to the as-of date.
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
    select 'month' as period_type
    union all
    select 'quarter' as period_type
    union all
    select '30_days' as period_type
),

first_days as (
    select
        period_types.period_type,
        case
            when period_types.period_type = '30_days'
                then {{ period_start("'month'", 'days.first_purchase_date') }}
            else {{ period_start('period_types.period_type', 'days.first_purchase_date') }}
        end as cohort_start,
        days.first_purchase_date,
        days.new_customers as customers,
        days.first_purchase_date < observation.uncensored_from as is_left_censored,
        {{ period_number('period_types.period_type', 'days.first_purchase_date', 'observation.as_of_date') }}
            as last_period,
        -- A period is over once the day after the as-of date lies in a later one.
        {{ period_number('period_types.period_type', 'days.first_purchase_date', 'observation.day_after') }}
            as periods_over
    from {{ ref('int_cohort_days') }} as days
    cross join period_types
    cross join observation
    where days.event_date = days.first_purchase_date
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
        days.first_purchase_date,
        {{ period_number('period_types.period_type', 'days.first_purchase_date', 'days.event_date') }}
            as period_number,
        sum(
            case period_types.period_type
                when 'week' then days.active_in_week
                when 'month' then days.active_in_month
                when 'quarter' then days.active_in_quarter
                when '30_days' then days.active_in_age
            end
        ) as active_customers,
        sum(days.new_repurchasers) as new_repurchasers,
        sum(days.orders) as orders,
        sum(days.net_amount) as net_amount
    from {{ ref('int_cohort_days') }} as days
    cross join period_types
    group by period_types.period_type, days.first_purchase_date, period_number
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
            partition by spine.period_type, spine.first_purchase_date order by spine.period_number
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
