{{ config(materialized='view') }}

with

silences as (
    select
        purchases.customer_key,
        purchases.purchase_number,
        purchases.purchase_date,
        purchases.first_purchase_date,
        {{ days_between(
            'purchases.previous_purchase_date', 'purchases.purchase_date'
        ) }} as gap_days,
        {{ days_between(
            'purchases.purchase_date',
            'coalesce('
            ~ add_days('purchases.next_purchase_date', -1)
            ~ ', observation.as_of_date)',
        ) }} as silent_days,
        purchases.next_purchase_date as returned_on
    from {{ ref('int_purchases') }} as purchases
    cross join {{ ref('int_observation') }} as observation
)

select * from silences
