{% macro days_between(start_date, end_date) -%}
    {{ return(adapter.dispatch('days_between', 'repurchase')(start_date, end_date)) }}
{%- endmacro %}

{% macro default__days_between(start_date, end_date) -%}
    cast({{ end_date }} - {{ start_date }} as bigint)
{%- endmacro %}
