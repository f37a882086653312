-- A cell nobody has completed has no rate and no lifetime value, and is never mature.
{{ config(tags=['cohorts']) }}

select
    period_type,
    cohort_start,
    period_number,
    retention_rate,
    cumulative_ltv
from {{ ref('cohort_retention') }}
where
    (eligible_customers = 0 and (is_mature or retention_rate is not null))
    or (not is_mature and cumulative_ltv is not null)
    or (eligible_customers > 0 and retention_rate is null)
