{% macro matches(text, pattern) -%}
    {{ return(adapter.dispatch('matches', 'repurchase')(text, pattern)) }}
{%- endmacro %}

{% macro default__matches(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}
