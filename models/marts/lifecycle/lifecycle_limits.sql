with

limits as (
    select
        'active' as limit_name,
        cast({{ var('active_days') }} as bigint) as days_in_use
    union all
    select 'lapse', cast({{ var('lapse_days') }} as bigint)
    union all
    select 'lost', cast({{ var('lost_days') }} as bigint)
),

-- The margin keeps a tenth from being below a tenth by the last bit of a logarithm.
suggested as (
    select min(silent_days) as suggested_days
    from {{ ref('int_return_probabilities') }}
    where return_probability_365d < 0.1 - 1e-9
),

described as (
    select
        limits.limit_name,
        observation.as_of_date,
        limits.days_in_use,
        probabilities.return_probability_365d,
        case when limits.limit_name = 'lapse' then suggested.suggested_days end
            as suggested_days
    from limits
    left join {{ ref('int_return_probabilities') }} as probabilities
        on limits.days_in_use = probabilities.silent_days
    cross join suggested
    cross join {{ ref('int_observation') }} as observation
)

select * from described
