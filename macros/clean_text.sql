{% macro clean_text(column) -%}
    nullif(trim(both '{{ " \t\r\n" }}' from cast({{ column }} as {{ dbt.type_string() }})), '')
{%- endmacro %}
