{% macro read_id(column) -%}
    {%- set text = repurchase.clean_text(column) -%}
    {%- set bare -%}
        case
            when {{ text }} like '="%"' then {{ repurchase.clean_text("substr(" ~ text ~ ", 3, length(" ~ text ~ ") - 3)") }}
            when {{ text }} like '''%' then {{ repurchase.clean_text("substr(" ~ text ~ ", 2)") }}
            else {{ text }}
        end
    {%- endset -%}
    case
        when {{ column }} is null then null
        when {{ text }} like '%.0%' and {{ repurchase.matches(bare, '^[0-9]+[.]0$') }}
            then substr({{ bare }}, 1, length({{ bare }}) - 2)
        else {{ bare }}
    end
{%- endmacro %}
