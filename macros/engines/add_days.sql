{% macro add_days(start_date, days) -%}
    {{ return(
        adapter.dispatch('repurchase_add_days', 'repurchase')(start_date, days)
    ) }}
{%- endmacro %}

{% macro default__repurchase_add_days(start_date, days) -%}
    {{ start_date }} + cast({{ days }} as integer)
{%- endmacro %}

{% macro spark__repurchase_add_days(start_date, days) -%}
    date_add({{ start_date }}, cast({{ days }} as int))
{%- endmacro %}
