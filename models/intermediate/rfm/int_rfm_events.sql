{{ config(materialized='view') }}

with

events as (
    select
        customer_key,
        purchase_date as event_date,
        purchase_date,
        1 as frequency,
        orders,
        net_amount as monetary
    from {{ ref('int_purchases') }}
    union all
    select
        customer_key,
        booked_date as event_date,
        cast(null as date) as purchase_date,
        0 as frequency,
        0 as orders,
        -refund_amount as monetary
    from {{ ref('int_refunds') }}
    where refund_of = 'customer'
)

select * from events
