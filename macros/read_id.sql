{% macro read_id(column) -%}
    {%- set text = repurchase.clean_text(column) -%}
    {%- set in_formula = "substr(" ~ text ~ ", 3, length(" ~ text ~ ") - 3)" -%}
    {%- set quoted = "substr(" ~ text ~ ", 2)" -%}
    {%- set bare -%}
        case
            when {{ text }} like '="%"' then {{ repurchase.clean_text(in_formula) }}
            when {{ text }} like '''%' then {{ repurchase.clean_text(quoted) }}
            else {{ text }}
        end
    {%- endset -%}
    case
        when {{ column }} is null then null
        when {{ text }} like '%.0%'
            then {{ repurchase.replace_matches(bare, '^([0-9]+)[.]0$', '\\1') }}
        else {{ bare }}
    end
{%- endmacro %}
