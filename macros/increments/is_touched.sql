{% macro is_touched(column=none) -%}
    {#- A unit test has no table of its own to ask about. -#}
    {%- if model.config.materialized == 'incremental' and is_incremental() -%}
        {%- set touched = model.config.meta.touched -%}
        coalesce({{ column or touched.key }}, 0) in (
            select {{ touched.key }} from {{ ref(touched.relation) }}
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
