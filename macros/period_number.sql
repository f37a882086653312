{% macro period_number(period_type, first_date, later_date) -%}
    {#- Periods of the type from the one that holds first_date (0) to the one that holds
        later_date; for '30_days' whole 30-day ages, so that days 0..29 are age 0. -#}
    {%- set years -%}
        (extract(year from {{ later_date }}) - extract(year from {{ first_date }}))
    {%- endset -%}
    {%- set first_week = "cast(date_trunc('week', " ~ first_date ~ ") as date)" -%}
    {%- set later_week = "cast(date_trunc('week', " ~ later_date ~ ") as date)" -%}
    cast(
        case {{ period_type }}
            when 'week' then {{ repurchase.days_between(first_week, later_week) }} / 7
            when 'month' then
                {{ years }} * 12
                + extract(month from {{ later_date }})
                - extract(month from {{ first_date }})
            when 'quarter' then
                {{ years }} * 4
                + extract(quarter from {{ later_date }})
                - extract(quarter from {{ first_date }})
            when '30_days' then
                floor({{ repurchase.days_between(first_date, later_date) }} / 30.0)
        end as bigint
    )
{%- endmacro %}
