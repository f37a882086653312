{% macro converted(amount, exchange_rate='exchange_rate') -%}
    {#- Most rates are 1, and a product is dear. Of 19 and 18 digits it is exact on
        every engine. -#}
    case
        when {{ exchange_rate }} = 1 then cast({{ amount }} as decimal(18, 2))
        else cast(
            round(
                cast({{ amount }} as decimal(19, 2))
                * cast({{ exchange_rate }} as decimal(18, 8)),
                2
            )
            as decimal(18, 2)
        )
    end
{%- endmacro %}
