with

thresholds as (
    select
        bounds.snapshot_month,
        bounds.dimension,
        bounds.score,
        observation.as_of_date,
        bounds.lower_bound,
        bounds.upper_bound,
        bounds.is_base
    from {{ ref('int_rfm_month_bounds') }} as bounds
    cross join {{ ref('int_observation') }} as observation
)

select * from thresholds
