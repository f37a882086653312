{% macro joined_values(columns) -%}
    concat_ws(
        '; '
        {%- for column in columns %},
        '{{ column }}=' || {{ repurchase.as_text(column) }}
        {%- endfor %}
    )
{%- endmacro %}
