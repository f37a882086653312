-- Where the N days of all customers are over, 1 less the survival after N days is the
-- N-day repurchase rate: of a quarter whose months are mature, and of all customers.
{{ config(tags=['timing', 'cohorts']) }}

with

months as (
    select
        {{ period_start("'quarter'", 'cohort_start') }} as cohort_quarter,
        window_days,
        customers,
        eligible_customers,
        repurchasers
    from {{ ref('repurchase_rates') }}
),

mature as (
    select
        cohort_quarter,
        window_days,
        sum(eligible_customers) as eligible_customers,
        sum(repurchasers) as repurchasers
    from months
    group by cohort_quarter, window_days
    having sum(eligible_customers) = sum(customers)
),

curves as (
    select
        case
            when stratum_type = 'cohort_quarter' then cast(stratum as date)
        end as cohort_quarter,
        day,
        cumulative_repurchase
    from {{ ref('repurchase_curves') }}
    where stratum_type in ('all', 'cohort_quarter') and purchase_number = 1
),

compared as (
    select
        mature.cohort_quarter,
        mature.window_days,
        {{ rate('mature.repurchasers', 'mature.eligible_customers') }}
            as repurchase_rate,
        max(curves.cumulative_repurchase) as cumulative_repurchase
    from mature
    left join curves
        on
            mature.cohort_quarter is not distinct from curves.cohort_quarter
            and mature.window_days >= curves.day
    group by
        mature.cohort_quarter,
        mature.window_days,
        mature.repurchasers,
        mature.eligible_customers
)

select * from compared
where coalesce(abs(cumulative_repurchase - repurchase_rate) > 1e-9, true)
