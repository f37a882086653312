{% macro read_number(column, data_type, connector) -%}
    {%- set decimal_mark = repurchase.setting(connector, 'decimal_mark', '.') -%}
    {%- set group_mark = ',' if decimal_mark == '.' else '.' -%}
    {%- set pattern -%}
        ^([-+]?[$€£¥￥]?|[$€£¥￥][-+])(0*[0-9]{1,12}|[0-9]{1,3}([{{ group_mark }}][0-9]{3}){1,3})([{{ decimal_mark }}][0-9]+)?$
    {%- endset -%}
    {%- set text = repurchase.clean_text(column) -%}
    case
        when {{ repurchase.matches(text, pattern) }} then
            {{ repurchase.try_number(
                "replace(translate(" ~ text ~ ", '$€£¥￥+" ~ group_mark ~ "', ''), ',', '.')", data_type
            ) }}
    end
{%- endmacro %}
