with

steps as (
    select distinct
        customer_key,
        step_number
    from {{ ref('int_product_steps') }}
),

totals as (
    select count(*) as steps from steps
),

rated as (
    select
        transitions.product_from,
        transitions.product_to,
        observation.as_of_date,
        transitions.transitions,
        transitions.steps_from,
        transitions.steps_to,
        totals.steps,
        {{ rate('transitions.transitions', 'transitions.steps_from') }} as probability,
        {{ wilson_low('transitions.transitions', 'transitions.steps_from') }} as ci_low,
        {{ wilson_high('transitions.transitions', 'transitions.steps_from') }}
            as ci_high,
        {{ rate('transitions.steps_to', 'totals.steps') }} as base_rate
    from {{ ref('int_product_transitions') }} as transitions
    cross join totals
    cross join {{ ref('int_observation') }} as observation
),

compared as (
    select
        *,
        probability / base_rate as lift
    from rated
)

select * from compared
