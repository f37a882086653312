-- Ten models and rules, seven metrics, at each of three origins; without a fit, or with
-- too little data, there is no value, and an interval is there exactly with its value.
-- Rules that learn may have had nobody to learn from.
{{ config(tags=['prediction']) }}

with

origins as (
    select
        origin,
        count(*) as metrics,
        count(distinct model) as models,
        count(distinct metric) as kinds,
        sum(case
            when value is not null and model_status not in ('converged', 'rule') then 1
            when value is null and metric = 'rmse' and customers > 0
                and model_status in ('converged', 'rule')
                and model not in ('mean', 'recency', 'frequency', 'rfm_cell') then 1
            when (value is null) <> (ci_low is null) then 1
            when (value is null) <> (ci_high is null) then 1
            when ci_low > ci_high then 1
            else 0
        end) as wrong
    from {{ ref('prediction_evaluation') }}
    group by origin
),

counted as (
    select
        count(*) as origins,
        coalesce(sum(case
            when metrics = 70 and models = 10 and kinds = 7 and wrong = 0 then 1
            else 0
        end), 0) as right_origins
    from origins
),

as_of as (
    select case when count(as_of_date) = 0 then 0 else 3 end as wanted
    from {{ ref('int_observation') }}
)

select *
from counted
cross join as_of
where counted.origins <> as_of.wanted or counted.right_origins <> as_of.wanted
