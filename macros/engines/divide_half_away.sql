{% macro divide_half_away(numerator, denominator) -%}
    {{ return(
        adapter.dispatch('repurchase_divide_half_away', 'repurchase')(
            numerator, denominator
        )
    ) }}
{%- endmacro %}

{% macro default__repurchase_divide_half_away(numerator, denominator) -%}
    sign({{ numerator }}) * (
        (2 * abs({{ numerator }}) + {{ denominator }}) // (2 * {{ denominator }})
    )
{%- endmacro %}

{% macro spark__repurchase_divide_half_away(numerator, denominator) -%}
    {#- sign() would be a double. -#}
    case when {{ numerator }} < 0 then -1 else 1 end * (
        (2 * abs({{ numerator }}) + {{ denominator }}) div (2 * {{ denominator }})
    )
{%- endmacro %}

{% macro postgres__repurchase_divide_half_away(numerator, denominator) -%}
    sign({{ numerator }}) * div(
        2 * cast(abs({{ numerator }}) as numeric) + {{ denominator }},
        2 * cast({{ denominator }} as numeric)
    )
{%- endmacro %}
