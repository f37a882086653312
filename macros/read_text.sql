{% macro read_text(column) -%}
    {%- set text = repurchase.clean_text(column) -%}
    case
        when {{ text }} like '%@%' or {{ text }} like '%+%'
            then {{ repurchase.masked(text) }}
        else {{ text }}
    end
{%- endmacro %}
