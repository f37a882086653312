-- The deciles of a model hold the customers judged; what they predict too much, over all
-- of them, is its bias, and the best decile expects the most.
{{ config(tags=['prediction']) }}

with

deciles as (
    select
        model,
        origin,
        cast(sum(customers) as bigint) as customers,
        sum(customers * (predicted - actual)) / sum(customers) as bias,
        min(decile) as first_decile,
        max(decile) as last_decile
    from {{ ref('prediction_calibration') }}
    group by model, origin
),

steps as (
    select
        model,
        origin,
        predicted - lag(predicted) over (
            partition by model, origin order by decile
        ) as growth
    from {{ ref('prediction_calibration') }}
),

rising as (
    select
        model,
        origin,
        max(growth) as most
    from steps
    group by model, origin
)

select
    evaluation.model,
    evaluation.origin,
    evaluation.customers,
    evaluation.value,
    deciles.customers as customers_of_deciles,
    deciles.bias,
    rising.most
from {{ ref('prediction_evaluation') }} as evaluation
left join deciles
    on evaluation.model = deciles.model and evaluation.origin = deciles.origin
left join rising
    on evaluation.model = rising.model and evaluation.origin = rising.origin
where
    evaluation.metric = 'bias'
    and (
        (evaluation.value is null) <> (deciles.bias is null)
        or evaluation.customers <> deciles.customers
        or abs(evaluation.value - deciles.bias) > 1e-9
        or deciles.first_decile < 1
        or deciles.last_decile > 10
        or rising.most > 0
    )
