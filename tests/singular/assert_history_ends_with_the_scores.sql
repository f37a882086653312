-- Where the as-of date is the last day of a month, the history of that month is
-- `rfm_scores`, customer by customer, with its thresholds.
{{ config(tags=['rfm']) }}

with

-- One row on such a day, and none on any other.
last_snapshot as (
    select snapshots.snapshot_month
    from {{ ref('int_rfm_snapshots') }} as snapshots
    inner join {{ ref('int_observation') }} as observation
        on snapshots.snapshot_date = observation.as_of_date
),

history as (
    select
        history.customer_key,
        history.r_score,
        history.f_score,
        history.m_score,
        history.rfm_segment
    from {{ ref('rfm_history') }} as history
    cross join last_snapshot
    where history.valid_to_month is null
),

scores as (
    select
        scores.customer_key,
        scores.r_score,
        scores.f_score,
        scores.m_score,
        scores.rfm_segment
    from {{ ref('rfm_scores') }} as scores
    cross join last_snapshot
),

thresholds_then as (
    select
        history.dimension,
        history.score,
        history.lower_bound,
        history.upper_bound
    from {{ ref('rfm_threshold_history') }} as history
    inner join last_snapshot on history.snapshot_month = last_snapshot.snapshot_month
),

thresholds_now as (
    select
        thresholds.dimension,
        thresholds.score,
        thresholds.lower_bound,
        thresholds.upper_bound
    from {{ ref('rfm_thresholds') }} as thresholds
    cross join last_snapshot
),

differences as (
    (select customer_key, 'history alone' as found from (
        select * from history
        except
        select * from scores
    ) as history_alone)
    union all
    (select customer_key, 'scores alone' from (
        select * from scores
        except
        select * from history
    ) as scores_alone)
    union all
    (select score, 'thresholds then' from (
        select * from thresholds_then
        except
        select * from thresholds_now
    ) as then_alone)
    union all
    (select score, 'thresholds now' from (
        select * from thresholds_now
        except
        select * from thresholds_then
    ) as now_alone)
)

select * from differences
