{% macro gather_statistics() -%}
    {%- if model.config.materialized in ('table', 'incremental') -%}
        {{ return(adapter.dispatch('repurchase_gather_statistics', 'repurchase')()) }}
    {%- endif -%}
{%- endmacro %}

{% macro default__repurchase_gather_statistics() -%}
{%- endmacro %}

{% macro postgres__repurchase_gather_statistics() -%}
    {#- Without them the next model is planned as if this one were nearly empty. -#}
    analyze {{ this }}
{%- endmacro %}
