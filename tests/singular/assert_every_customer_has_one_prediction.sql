-- Every customer has a prediction, from the purchase days of fct_customers: the repeats
-- are those after the first, the last one lies recency_days before the as-of date.
{{ config(tags=['prediction']) }}

select
    customers.customer_key,
    predictions.btyd_frequency,
    predictions.btyd_recency_weeks,
    predictions.btyd_age_weeks
from {{ ref('fct_customers') }} as customers
full join {{ ref('customer_predictions') }} as predictions
    on customers.customer_key = predictions.customer_key
where
    customers.customer_key is null
    or predictions.customer_key is null
    or predictions.as_of_date <> customers.as_of_date
    or predictions.btyd_frequency <> customers.purchase_count - 1
    or abs(7 * predictions.btyd_age_weeks - customers.tenure_days) > 1e-9
    or abs(
        7 * (predictions.btyd_age_weeks - predictions.btyd_recency_weeks)
        - customers.recency_days
    ) > 1e-9
    or predictions.historic_clv <> customers.historic_clv
