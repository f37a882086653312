{% macro raw_values(columns) -%}
    {%- set values -%}
        concat_ws(
            '; '
            {%- for column in columns %},
            '{{ column }}=' || {{ repurchase.as_text(column) }}
            {%- endfor %}
        )
    {%- endset -%}
    {{ repurchase.masked(values) }}
{%- endmacro %}
