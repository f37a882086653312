{% macro keeps_rows() -%}
    {{ return(adapter.dispatch('repurchase_keeps_rows', 'repurchase')()) }}
{%- endmacro %}

{% macro default__repurchase_keeps_rows() -%}
    {{ return(true) }}
{%- endmacro %}

{% macro spark__repurchase_keeps_rows() -%}
    {#- Parquet knows no delete. -#}
    {{ return(false) }}
{%- endmacro %}
