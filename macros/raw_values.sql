{% macro raw_values(columns) -%}
    concat_ws(
        '; '
        {%- for column in columns %},
        '{{ column }}=' || cast({{ column }} as {{ dbt.type_string() }})
        {%- endfor %}
    )
{%- endmacro %}
