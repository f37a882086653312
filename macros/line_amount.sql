{% macro line_amount(quantity, unit_price) -%}
    {#- Widened first: the product of two decimals(18) overflows. NULL from a trillion
        on. -#}
    {%- set product -%}
        cast({{ quantity }} as decimal(38, 3)) * {{ unit_price }}
    {%- endset -%}
    case
        when abs({{ product }}) < 999999999999.995
            then cast(round({{ product }}, 2) as decimal(18, 2))
    end
{%- endmacro %}
