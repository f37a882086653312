{#- A rule of thumb: purchases in 90 days, chance of one, whether it calls the customer
    gone. Hiatus: Wuebben and von Wangenheim (2008). -#}
{% set own_rate = "90 * coalesce(" ~ rate('repeat_purchases', 'age_days') ~ ", 0)" %}
{% set is_silent = "age_days - recency_days > " ~ var('lapse_days') %}
{% set rules = {
    'zero': ['0', '0', 'true'],
    'own_rate': [own_rate, '1 - exp(-' ~ own_rate ~ ')', 'null'],
    'last_period': [
        'purchases_in_90d',
        'case when purchases_in_90d > 0 then 1 else 0 end',
        'purchases_in_90d = 0',
    ],
    'hiatus': [
        'case when ' ~ is_silent ~ ' then 0 else ' ~ own_rate ~ ' end',
        'case when ' ~ is_silent ~ ' then 0 else 1 end',
        is_silent,
    ],
} %}

with

alive as (
    select
        fits.model,
        outcomes.*,
        {{ probability_alive(
            'fits.model', 'outcomes.repeat_purchases', 'outcomes.recency_days',
            'outcomes.age_days'
        ) }} as probability_alive,
        {{ repurchase_probability(
            'outcomes.repeat_purchases', 'outcomes.age_days', 90
        ) }} as repurchase_probability
    from {{ ref('int_outcomes') }} as outcomes
    inner join {{ ref('int_fitted_models') }} as fits
        on outcomes.origin_date = fits.origin_date
),

predictions as (
    select
        alive.origin_date,
        alive.model,
        alive.customer_key,
        alive.block,
        alive.actual_purchases,
        alive.probability_alive * expected.expected_if_alive as expected_purchases,
        alive.probability_alive * alive.repurchase_probability
            as repurchase_probability,
        alive.probability_alive < 0.5 as is_called_gone
    from alive
    inner join {{ ref('int_expected_purchases') }} as expected
        on
            alive.origin_date = expected.origin_date
            and alive.model = expected.model
            and alive.repeat_purchases = expected.repeat_purchases
            and alive.age_days = expected.age_days
    union all
    select
        cells.origin_date,
        cells.model,
        cells.customer_key,
        cells.block,
        cells.actual_purchases,
        coalesce(rates.expected_purchases, means.expected_purchases),
        coalesce(rates.repurchase_probability, means.repurchase_probability),
        null
    from {{ ref('int_outcome_cells') }} as cells
    left join {{ ref('int_learned_rates') }} as rates
        on
            cells.origin_date = rates.origin_date
            and cells.model = rates.model
            and cells.cell = rates.cell
    left join {{ ref('int_learned_rates') }} as means
        on cells.origin_date = means.origin_date and means.model = 'mean'
    {%- for model, values in rules.items() %}
        union all
        select
            origin_date,
            '{{ model }}',
            customer_key,
            block,
            actual_purchases,
            {{ values[0] }},
            {{ values[1] }},
            {{ values[2] }}
        from {{ ref('int_outcomes') }}
    {%- endfor %}
),

-- Where nobody was a customer 90 days before, nothing was learned.
judged as (
    select predictions.*
    from predictions
    inner join {{ ref('int_judged_models') }} as models
        on
            predictions.origin_date = models.origin_date
            and predictions.model = models.model
    where
        models.model_status in ('converged', 'rule')
        and predictions.expected_purchases is not null
)

select * from judged
