-- Period 0 holds the first purchase, so its retention is 1 and all of the cohort is active.
{{ config(tags=['cohorts']) }}

select
    period_type,
    cohort_start,
    cohort_size,
    active_customers,
    retention_rate
from {{ ref('cohort_retention') }}
where period_number = 0 and (active_customers <> cohort_size or retention_rate <> 1)
