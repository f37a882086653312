{{ config(materialized='view') }}

with

gaps as (
    select
        purchases.customer_key,
        purchases.purchase_number,
        purchases.first_purchase_date,
        {{ days_between(
            'purchases.purchase_date',
            'coalesce(purchases.next_purchase_date, observation.as_of_date)',
        ) }} as gap_days,
        purchases.next_purchase_date is not null as is_closed
    from {{ ref('int_purchases') }} as purchases
    cross join {{ ref('int_observation') }} as observation
)

select * from gaps
