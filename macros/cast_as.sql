{% macro cast_as(value, data_type) -%}
    {%- if repurchase.column_type(data_type) == dbt.type_string() -%}
        {{ repurchase.as_text(value) }}
    {%- else -%}
        cast({{ value }} as {{ repurchase.column_type(data_type) }})
    {%- endif -%}
{%- endmacro %}
