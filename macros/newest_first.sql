{% macro newest_first(columns) -%}
    {%- for column in columns -%}
    {{ column }} desc nulls last{{ ", " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
