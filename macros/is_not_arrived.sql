{% macro is_not_arrived(date) -%}
    {#- Where the as-of date goes by event, whatever is there has arrived. -#}
    {%- if var('as_of_by') == 'arrival' -%}
        {{ repurchase.is_after_as_of_date(date) }}
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}
