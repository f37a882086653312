{% macro wilson_low(successes, trials) -%}
    {{ repurchase.wilson_bound(successes, trials, '-') }}
{%- endmacro %}
