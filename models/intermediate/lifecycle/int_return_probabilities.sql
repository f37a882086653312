with

curve as (
    select
        day,
        at_risk,
        survival
    from {{ ref('int_survival') }}
    where purchase_number is null and stratum_type = 'all'
),

longest as (
    select max(day) as longest_day
    from curve
),

lengths as (
    select {{ series(0, 'longest_day') }} as silent_days
    from longest
),

-- Survival is that of the last day of the curve, those at risk are those of the next.
every_day as (
    select
        lengths.silent_days,
        min(curve.survival) over (order by lengths.silent_days) as survival,
        max(curve.at_risk) over (order by lengths.silent_days desc) as at_risk
    from lengths
    left join curve on lengths.silent_days = curve.day
),

probabilities as (
    select
        silences.silent_days,
        years_later.at_risk as seen_for_another_year,
        1 - {{ rate('years_later.survival', 'silences.survival') }}
            as return_probability_365d
    from every_day as silences
    inner join every_day as years_later
        on silences.silent_days + 365 = years_later.silent_days
    where years_later.at_risk >= 30
)

select * from probabilities
