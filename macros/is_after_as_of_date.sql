{% macro is_after_as_of_date(date) -%}
    {#- Without the var the as-of date is the latest order date: no order is later. -#}
    {%- if var('as_of_date') -%}
        {{ date }} > date '{{ var("as_of_date") }}'
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}
