with

purchases as (
    select min(order_date) as first_order_date
    from {{ ref('int_orders') }}
    where is_purchase
),

observation as (
    select
        coalesce({{ date_var('observation_start') }}, purchases.first_order_date)
            as observation_start,
        least({{ date_var('observation_start') }}, purchases.first_order_date)
            as first_day,
        as_of.as_of_date
    from {{ ref('int_as_of_date') }} as as_of
    cross join purchases
)

select * from observation
