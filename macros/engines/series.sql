{% macro series(start, stop) -%}
    {{ return(adapter.dispatch('series', 'repurchase')(start, stop)) }}
{%- endmacro %}

{% macro default__series(start, stop) -%}
    cast(unnest(generate_series({{ start }}, {{ stop }})) as bigint)
{%- endmacro %}
