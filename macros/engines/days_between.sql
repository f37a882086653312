{% macro days_between(start_date, end_date) -%}
    {{ return(
        adapter.dispatch('repurchase_days_between', 'repurchase')(start_date, end_date)
    ) }}
{%- endmacro %}

{% macro default__repurchase_days_between(start_date, end_date) -%}
    cast({{ end_date }} - {{ start_date }} as bigint)
{%- endmacro %}

{% macro spark__repurchase_days_between(start_date, end_date) -%}
    cast(datediff({{ end_date }}, {{ start_date }}) as bigint)
{%- endmacro %}
