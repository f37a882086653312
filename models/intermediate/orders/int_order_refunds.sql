with

refunds as (
    select
        order_key,
        sum(refund_amount) as refunded_in_order_currency,
        sum(converted_amount) as refund_amount
    from {{ ref('int_refunds_checked') }}
    where row_status = 'accepted' and order_key is not null
    group by order_key
)

select * from refunds
