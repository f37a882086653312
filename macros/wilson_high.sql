{% macro wilson_high(successes, trials) -%}
    {{ repurchase.wilson_bound(successes, trials, '+') }}
{%- endmacro %}
