{% macro starts_period(period_type) -%}
    {#- True on a customer's first purchase day in a period of the type. -#}
    {%- set type = "'" ~ period_type ~ "'" -%}
    {%- set first = 'first_purchase_date' -%}
    coalesce(
        {{ repurchase.period_number(type, first, 'previous_purchase_date') }}
        < {{ repurchase.period_number(type, first, 'purchase_date') }},
        true
    )
{%- endmacro %}
