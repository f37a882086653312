{% macro incremental_by(key, touched) -%}
    {#- `ref` for the dependency alone: what a config says is kept from parsing. -#}
    {%- do ref(touched) if repurchase.keeps_rows() -%}
    {{ config(
        materialized='incremental' if repurchase.keeps_rows() else 'table',
        incremental_strategy='replace_touched',
        on_schema_change='fail',
        meta={'touched': {'key': key, 'relation': touched}},
    ) }}
{%- endmacro %}
