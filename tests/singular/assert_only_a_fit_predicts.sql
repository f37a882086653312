-- A customer has predictions exactly where the model converged, and the value of them
-- exactly where the mean spend is known too.
{{ config(tags=['prediction']) }}

with

statuses as (
    select distinct
        model,
        model_status
    from {{ ref('model_parameters') }}
),

predictions as (
    select
        predictions.*,
        coalesce(statuses.model_status, 'none') as status_of_the_fit,
        predictions.model_status = 'converged' as is_predicted
    from {{ ref('customer_predictions') }} as predictions
    left join statuses on predictions.model = statuses.model
)

select *
from predictions
where
    model_status <> status_of_the_fit
    or (probability_alive is not null) <> is_predicted
    or (churn_probability is not null) <> is_predicted
    or (repurchase_probability_90d is not null) <> is_predicted
    or (expected_purchases_30d is not null) <> is_predicted
    or (expected_purchases_90d is not null) <> is_predicted
    or (expected_purchases_365d is not null) <> is_predicted
    or (predicted_clv is not null)
    <> (is_predicted and expected_average_value is not null)
    or (total_clv is not null) <> (predicted_clv is not null)
    or in_plain_words is null
    or in_plain_words_zh is null
    or (in_plain_words like 'No prediction:%') = is_predicted
