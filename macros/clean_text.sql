{% macro clean_text(column) -%}
    {{ repurchase.trimmed(repurchase.as_text(column)) }}
{%- endmacro %}
