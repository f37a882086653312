{% set keys = ['month_number', 'snapshot_month', 'days_before_end'] %}

with

wanted as (
    select
        coalesce(
            {{ date_var('rfm_base_month') }},
            {{ add_days('observation_start', var('burn_in_days')) }}
        ) as wanted_day
    from {{ ref('int_observation') }}
),

base as (
    select
        coalesce(
            max(quintiles.snapshot_month) filter (
                where quintiles.snapshot_month <= wanted.wanted_day
            ),
            min(quintiles.snapshot_month)
        ) as base_month
    from {{ ref('int_rfm_month_quintiles') }} as quintiles
    cross join wanted
),

bounds as (
    {{ rfm_bounds(ref('int_rfm_month_quintiles'), keys) }}
),

marked as (
    select
        bounds.*,
        bounds.snapshot_month = base.base_month as is_base
    from bounds
    cross join base
)

select * from marked
