{% macro read_number(column, data_type, connector) -%}
    {%- set decimal_mark = repurchase.setting(connector, 'decimal_mark', '.') -%}
    {%- set group_mark = ',' if decimal_mark == '.' else '.' -%}
    {%- set sign = '([-+]?[$€£¥￥]?|[$€£¥￥][-+])' -%}
    {%- set plain = '0*[0-9]{1,12}' -%}
    {%- set grouped = '[0-9]{1,3}([' ~ group_mark ~ '][0-9]{3}){1,3}' -%}
    {%- set fraction = '([' ~ decimal_mark ~ '][0-9]+)?' -%}
    {%- set digits = '(' ~ plain ~ '|' ~ grouped ~ ')' -%}
    {%- set pattern = '^' ~ sign ~ digits ~ fraction ~ '$' -%}
    {%- set text = repurchase.clean_text(column) -%}
    {%- set marks = '$€£¥￥+' ~ group_mark -%}
    {%- set unmarked = "translate(" ~ text ~ ", '" ~ marks ~ "', '')" -%}
    {%- set number = "replace(" ~ unmarked ~ ", ',', '.')" -%}
    {%- set plain_fraction = '([.][0-9]+)?' if decimal_mark == '.' else '' -%}
    {%- set simple = '^-?[0-9]{1,12}' ~ plain_fraction ~ '$' -%}
    {#- Most numbers are simple: the second branch lets them pass untouched. -#}
    case
        when {{ column }} is null then null
        when {{ repurchase.matches(text, simple) }}
            then {{ repurchase.try_number(text, data_type) }}
        when {{ repurchase.matches(text, pattern) }}
            then {{ repurchase.try_number(number, data_type) }}
    end
{%- endmacro %}
