{% macro incremental_by(key, touched) -%}
    {#- `ref` for the dependency alone, which a unit test does not have. -#}
    {%- if model.resource_type == 'model' and repurchase.keeps_rows() -%}
        {%- do ref(touched) -%}
    {%- endif -%}
    {{ config(
        materialized='incremental' if repurchase.keeps_rows() else 'table',
        incremental_strategy='replace_touched',
        on_schema_change='fail',
        meta={'touched': {'key': key, 'relation': touched}},
    ) }}
{%- endmacro %}
