{% macro line_amount(quantity, unit_price) -%}
    {#- Of 19 and 18 digits the product is exact on every engine; of two decimals(18) it
        overflows. NULL from a trillion on. -#}
    {%- set product -%}
        cast({{ quantity }} as decimal(19, 3))
        * cast({{ unit_price }} as decimal(18, 4))
    {%- endset -%}
    case
        when abs({{ product }}) < 999999999999.995
            then cast(round({{ product }}, 2) as decimal(18, 2))
    end
{%- endmacro %}
