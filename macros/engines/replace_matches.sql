{% macro replace_matches(text, pattern, replacement) -%}
    {{ return(
        adapter.dispatch('replace_matches', 'repurchase')(text, pattern, replacement)
    ) }}
{%- endmacro %}

{% macro default__replace_matches(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}
