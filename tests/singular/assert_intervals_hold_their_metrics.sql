-- A metric lies in its interval, or no farther from it than the interval is long: few
-- customers may all be in the same blocks. Shares lie in 0..1.
{{ config(tags=['prediction']) }}

select *
from {{ ref('prediction_evaluation') }}
where
    value < ci_low - (ci_high - ci_low) - 1e-9
    or value > ci_high + (ci_high - ci_low) + 1e-9
    or (metric in ('rmse', 'poisson_deviance') and value < 0)
    or (
        metric in ('brier', 'auc', 'top_decile_capture', 'false_alarm_rate')
        and (value < 0 or value > 1 + 1e-9)
    )
