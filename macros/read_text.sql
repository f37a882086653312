{% macro read_text(column) -%}
    {{ repurchase.masked(repurchase.clean_text(column)) }}
{%- endmacro %}
