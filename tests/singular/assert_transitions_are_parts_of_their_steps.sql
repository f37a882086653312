-- A transition is in no more steps than either product, and every measure follows from the counts.
{{ config(tags=['products']) }}

select
    product_from,
    product_to,
    transitions,
    steps_from,
    steps_to,
    steps,
    lift
from {{ ref('next_products') }}
where
    transitions > least(steps_from, steps_to)
    or greatest(steps_from, steps_to) > steps
    or probability not between ci_low - 1e-9 and ci_high + 1e-9
    or abs(probability * steps_from - transitions) > 1e-9 * transitions
    or abs(base_rate * steps - steps_to) > 1e-9 * steps_to
    or abs(lift * base_rate - probability) > 1e-9
