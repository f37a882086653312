{% macro cycle_days(gaps, own_median, usual) -%}
    {%- set prior_gaps = var('cycle_prior_gaps') -%}
    case
        when {{ gaps }} >= 2 then
            cast(
                {{ gaps }} * {{ own_median }} + {{ prior_gaps }} * {{ usual }}
                as {{ repurchase.column_type('double') }}
            )
            / ({{ gaps }} + {{ prior_gaps }})
    end
{%- endmacro %}
