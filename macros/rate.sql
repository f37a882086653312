{% macro rate(numerator, denominator) -%}
    case
        when ({{ denominator }}) > 0
            then cast({{ numerator }} as {{ repurchase.column_type('double') }})
                / ({{ denominator }})
    end
{%- endmacro %}
