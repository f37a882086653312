{% macro average_amount(amount, count) -%}
    case
        when {{ count }} > 0 then
            cast({{ repurchase.divide_half_away(
                repurchase.cents(amount), "(" ~ count ~ ")"
            ) }} * 0.01 as decimal(18, 2))
    end
{%- endmacro %}
