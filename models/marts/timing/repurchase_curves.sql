{% set z = 1.959963984540054 %}

with

curves as (
    select
        purchase_number,
        stratum_type,
        stratum,
        day,
        at_risk,
        events,
        censored,
        survival,
        case when survival > 0 then sqrt(coalesce(greenwood_sum, 0)) end
            as relative_error,
        case when survival > 0 and survival < 1 then ln(survival) end
            as log_survival
    from {{ ref('int_survival') }}
),

-- Log-log: the ends are powers of the survival and so stay between 0 and 1.
curves_with_intervals as (
    select
        curves.purchase_number,
        curves.stratum_type,
        curves.stratum,
        curves.day,
        observation.as_of_date,
        curves.at_risk,
        curves.events,
        curves.censored,
        curves.survival,
        1 - curves.survival as cumulative_repurchase,
        curves.survival * curves.relative_error as standard_error,
        case
            when curves.survival = 1 then 1
            else exp(
                curves.log_survival
                * exp(-{{ z }} * curves.relative_error / curves.log_survival)
            )
        end as ci_low,
        case
            when curves.survival = 1 then 1
            else exp(
                curves.log_survival
                * exp({{ z }} * curves.relative_error / curves.log_survival)
            )
        end as ci_high,
        curves.at_risk < 30 as is_thin_tail
    from curves
    cross join {{ ref('int_observation') }} as observation
),

both_ways as (
    select
        *,
        1 - ci_high as cumulative_ci_low,
        1 - ci_low as cumulative_ci_high
    from curves_with_intervals
)

select * from both_ways
