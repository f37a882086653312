{% macro is_implausible_date(date) -%}
    {{ date }} not between
    date '{{ var("earliest_order_date") }}' and date '{{ var("latest_order_date") }}'
{%- endmacro %}
