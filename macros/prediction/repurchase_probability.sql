{% macro repurchase_probability(repeats, age_days, horizon_days) -%}
    {#- Of a purchase in the horizon, given that the customer is alive: nobody drops out
        before the next purchase, so the rate alone decides. -#}
    1 - exp(greatest(-700, -(r + {{ repeats }}) * ln(
        1 + ({{ horizon_days }} / {{ repurchase.double('7') }})
        / (alpha + {{ age_days }} / {{ repurchase.double('7') }})
    )))
{%- endmacro %}
