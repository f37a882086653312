{% macro read_id(column) -%}
    {#- Most ids are clean: the second branch lets them pass untouched. -#}
    {%- set given = "cast(" ~ column ~ " as " ~ dbt.type_string() ~ ")" -%}
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
        when not {{ repurchase.matches(given, "^([^!-~]|=|''|$)|[^!-~]$|[.]0$") }}
            then {{ given }}
        else {{ repurchase.replace_matches(bare, '^([0-9]+)[.]0$', '\\1') }}
    end
{%- endmacro %}
