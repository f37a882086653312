{% test periods_are_dense(model) %}
    {#- Cohorts that miss a period, or have one after the as-of date. -#}
    with

    cohorts as (
        select
            period_type,
            cohort_start,
            min(period_number) as first_period,
            max(period_number) as last_period,
            count(*) as periods,
            max({{ repurchase.period_number(
                'period_type', 'cohort_start', 'as_of_date'
            ) }}) as period_of_as_of_date
        from {{ model }}
        group by period_type, cohort_start
    )

    select * from cohorts
    where
        first_period <> 0
        or periods <> last_period + 1
        or last_period > period_of_as_of_date
        or (period_type <> '30_days' and last_period <> period_of_as_of_date)
{% endtest %}
