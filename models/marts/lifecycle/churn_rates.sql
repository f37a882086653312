with

churned as (
    select
        definition,
        {{ period_start("'month'", 'churned_on') }} as month_start,
        counted_from,
        churned_on,
        returned_on,
        lag(returned_on) over (
            partition by customer_key, definition order by churned_on
        ) as last_returned_on
    from {{ ref('int_churn_spells') }}
),

-- Of the customers at the start, each once: a short limit can be passed twice a month.
counted as (
    select
        month_start,
        definition,
        count(*) as churned,
        count(*) filter (
            where {{ days_between('churned_on', 'returned_on') }} <= 365
        ) as came_back_within_365d,
        max(churned_on) as last_churned_on
    from churned
    where
        counted_from < month_start
        and coalesce(last_returned_on < month_start, true)
    group by month_start, definition
),

first_month as (
    select min(month_start) as month_start
    from {{ ref('int_churn_stocks') }}
),

months as (
    select
        stocks.month_start,
        stocks.definition,
        observation.as_of_date,
        stocks.customers_at_start,
        coalesce(counted.churned, 0) as churned,
        coalesce(counted.came_back_within_365d, 0) as came_back_within_365d,
        coalesce(
            {{ add_days('counted.last_churned_on', 365) }} <= observation.as_of_date,
            true
        ) as is_mature
    from {{ ref('int_churn_stocks') }} as stocks
    left join counted
        on
            stocks.month_start = counted.month_start
            and stocks.definition = counted.definition
    cross join first_month
    cross join {{ ref('int_observation') }} as observation
    where
        stocks.month_start
        < {{ period_start("'month'", add_days('observation.as_of_date', 1)) }}
        and stocks.month_start > first_month.month_start
),

rated as (
    select
        month_start,
        definition,
        as_of_date,
        customers_at_start,
        churned,
        {{ rate('churned', 'customers_at_start') }} as churn_rate,
        {{ wilson_low('churned', 'customers_at_start') }} as churn_ci_low,
        {{ wilson_high('churned', 'customers_at_start') }} as churn_ci_high,
        came_back_within_365d,
        case
            when is_mature then {{ rate('came_back_within_365d', 'churned') }}
        end as false_alarm_rate,
        case
            when is_mature then {{ wilson_low('came_back_within_365d', 'churned') }}
        end as false_alarm_ci_low,
        case
            when is_mature then {{ wilson_high('came_back_within_365d', 'churned') }}
        end as false_alarm_ci_high,
        is_mature
    from months
)

select * from rated
