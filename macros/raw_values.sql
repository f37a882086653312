{% macro raw_values(columns) -%}
    {{ repurchase.masked(repurchase.joined_values(columns)) }}
{%- endmacro %}
