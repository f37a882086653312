{% macro starts_period(period_type) -%}
    {#- True on a customer's first purchase day in a period of the type. -#}
    coalesce(
        {{ repurchase.period_number("'" ~ period_type ~ "'", 'first_purchase_date', 'previous_purchase_date') }}
        < {{ repurchase.period_number("'" ~ period_type ~ "'", 'first_purchase_date', 'purchase_date') }},
        true
    )
{%- endmacro %}
