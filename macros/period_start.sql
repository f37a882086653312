{% macro period_start(period_type, date) -%}
    {#- First day of the week (Monday), month or quarter that holds the date. -#}
    cast(
        case {{ period_type }}
            when 'week' then date_trunc('week', {{ date }})
            when 'month' then date_trunc('month', {{ date }})
            when 'quarter' then date_trunc('quarter', {{ date }})
        end as date
    )
{%- endmacro %}
