{% macro converted(amount, exchange_rate='exchange_rate') -%}
    cast(
        round(cast({{ amount }} as decimal(38, 2)) * {{ exchange_rate }}, 2)
        as decimal(18, 2)
    )
{%- endmacro %}
