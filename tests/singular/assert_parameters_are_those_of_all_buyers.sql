-- Eleven parameters are named, a purchase model's rest on every customer; what converged
-- has positive values and one likelihood, what has not has none.
{{ config(tags=['prediction']) }}

with

models as (
    select
        model,
        model_status,
        converged,
        customers,
        count(*) as parameters,
        count(value) as found,
        min(value) as smallest,
        count(log_likelihood) as likelihoods,
        max(log_likelihood) - min(log_likelihood) as difference
    from {{ ref('model_parameters') }}
    group by model, model_status, converged, customers
),

buyers as (
    select count(*) as customers
    from {{ ref('fct_customers') }}
)

select models.*
from models
cross join buyers
where
    models.parameters <> case when models.model = 'gamma_gamma' then 3 else 4 end
    or models.converged <> (models.model_status = 'converged')
    or models.found <> case when models.converged then models.parameters else 0 end
    or models.likelihoods <> models.found
    or models.smallest <= 0
    or models.difference <> 0
    or models.customers > buyers.customers
    or (models.model <> 'gamma_gamma' and models.customers <> buyers.customers)
