{% macro clean_text(column) -%}
    {%- set text = "cast(" ~ column ~ " as " ~ dbt.type_string() ~ ")" -%}
    nullif(trim(both '{{ " \t\r\n" }}' from {{ text }}), '')
{%- endmacro %}
