with

first_purchases as (
    select
        first_purchase_date,
        {{ days_between('first_purchase_date', 'next_purchase_date') }}
            as days_to_second
    from {{ ref('int_purchases') }}
    where purchase_number = 1
),

counted as (
    select
        first_purchase_date,
        days_to_second,
        count(*) as customers
    from first_purchases
    group by first_purchase_date, days_to_second
)

select * from counted
