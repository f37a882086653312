{% macro add_days(start_date, days) -%}
    {{ return(adapter.dispatch('add_days', 'repurchase')(start_date, days)) }}
{%- endmacro %}

{% macro default__add_days(start_date, days) -%}
    {{ start_date }} + cast({{ days }} as integer)
{%- endmacro %}
