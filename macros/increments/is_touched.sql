{% macro is_touched(column=none) -%}
    {%- set touched = model.config.meta.touched -%}
    coalesce({{ column or touched.key }}, 0) in (
        select {{ touched.key }} from {{ ref(touched.relation) }}
    )
{%- endmacro %}
