with

refunds as (
    select
        refund_key,
        connector,
        shop_id,
        refund_id,
        order_key,
        customer_key,
        refund_date,
        booked_date,
        currency,
        refund_amount,
        refund_of
    from {{ ref('int_refunds') }}
)

select * from refunds
