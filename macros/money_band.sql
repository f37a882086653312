{% macro money_band(amount) -%}
    {#- Steps of one per cent. Whatever is at or below one cent is in the lowest. -#}
    cast(floor(
        100 * ln(cast(
            greatest({{ amount }}, 0.01) as {{ repurchase.column_type('double') }}
        ))
    ) as bigint)
{%- endmacro %}
