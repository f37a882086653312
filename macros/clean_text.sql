{% macro clean_text(column) -%}
    nullif(trim(both '{{ " \t\r\n" }}' from {{ repurchase.as_text(column) }}), '')
{%- endmacro %}
