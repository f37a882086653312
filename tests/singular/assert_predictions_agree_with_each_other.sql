-- Probabilities lie in 0..1, churn is not being alive, expectations grow with the
-- horizon; who buys within 90 days is alive, and is at most as likely as purchases are
-- many. 1e-9 is for sums of small numbers.
{{ config(tags=['prediction']) }}

select *
from {{ ref('customer_predictions') }}
where
    probability_alive < 0
    or probability_alive > 1
    or abs(1 - probability_alive - churn_probability) > 1e-9
    or repurchase_probability_90d < 0
    or repurchase_probability_90d > probability_alive
    or repurchase_probability_90d > expected_purchases_90d + 1e-9
    or expected_purchases_30d < 0
    or expected_purchases_90d < expected_purchases_30d
    or expected_purchases_365d < expected_purchases_90d
    or expected_purchases_90d > 3 * expected_purchases_30d + 1e-9
    or expected_next_purchase_date < as_of_date
    or expected_average_value <= 0
    or predicted_clv < 0
    or predicted_clv > expected_purchases_365d * expected_average_value
    * {{ double([var('clv_margin'), 0] | max) }} * (1 + 1e-9)
    or abs(total_clv - historic_clv - predicted_clv) > 1e-6
