-- Ahead, months of 30 days and the year; of past origins, what they are judged by.
with

months as (
    select {{ series(1, 12) }} as month_number
),

horizons as (
    select
        origins.origin_date,
        30 * months.month_number as horizon_days
    from {{ ref('int_prediction_origins') }} as origins
    cross join months
    where origins.is_as_of_date
    union all
    select
        origin_date,
        case when is_as_of_date then 365 else 90 end as horizon_days
    from {{ ref('int_prediction_origins') }}
    where is_as_of_date or is_evaluated
)

select * from horizons
