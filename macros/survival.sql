{% macro survival(curve) -%}
    {#- Where all at risk buy, the curve ends at 0; ln(0) is an error. -#}
    case
        when events < at_risk then
            exp(
                sum(
                    case
                        when events < at_risk
                            then ln({{ repurchase.rate('at_risk - events', 'at_risk') }})
                    end
                ) over (partition by {{ curve | join(', ') }} order by day)
            )
        else 0
    end
{%- endmacro %}
