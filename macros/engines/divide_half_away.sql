{% macro divide_half_away(numerator, denominator) -%}
    {{ return(
        adapter.dispatch('divide_half_away', 'repurchase')(numerator, denominator)
    ) }}
{%- endmacro %}

{% macro default__divide_half_away(numerator, denominator) -%}
    sign({{ numerator }}) * (
        (2 * abs({{ numerator }}) + {{ denominator }}) // (2 * {{ denominator }})
    )
{%- endmacro %}
