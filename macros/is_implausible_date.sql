{% macro is_implausible_date(date) -%}
    ({{ date }} < date '{{ var("earliest_order_date") }}' or {{ date }} > date '{{ var("latest_order_date") }}')
{%- endmacro %}
