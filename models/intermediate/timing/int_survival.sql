with

-- Every curve begins on day 0, whether or not a gap was left open on it.
days as (
    select * from {{ ref('int_gap_days') }}
    union all
    select distinct
        purchase_number,
        stratum_type,
        stratum,
        cast(0 as bigint) as day,
        cast(0 as bigint) as events,
        cast(0 as bigint) as censored
    from {{ ref('int_gap_days') }}
),

counted as (
    select
        purchase_number,
        stratum_type,
        stratum,
        day,
        cast(sum(events) as bigint) as events,
        cast(sum(censored) as bigint) as censored
    from days
    group by purchase_number, stratum_type, stratum, day
),

exposed as (
    select
        purchase_number,
        stratum_type,
        stratum,
        day,
        cast(
            sum(events + censored) over (
                partition by purchase_number, stratum_type, stratum order by day desc
            ) as bigint
        ) as at_risk,
        events,
        censored
    from counted
),

-- Greenwood's sum: the variance of the survival is its square times this.
survived as (
    select
        *,
        {{ survival(['purchase_number', 'stratum_type', 'stratum']) }} as survival,
        sum(
            case
                when events < at_risk
                    then {{ rate('events', 'at_risk') }} / (at_risk - events)
            end
        ) over (
            partition by purchase_number, stratum_type, stratum order by day
        ) as greenwood_sum
    from exposed
)

select * from survived
