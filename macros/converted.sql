{% macro converted(amount, exchange_rate='exchange_rate') -%}
    {#- Of 19 and 18 digits the product is exact on every engine. -#}
    cast(
        round(
            cast({{ amount }} as decimal(19, 2))
            * cast({{ exchange_rate }} as decimal(18, 8)),
            2
        )
        as decimal(18, 2)
    )
{%- endmacro %}
