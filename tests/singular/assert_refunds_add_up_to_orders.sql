-- The refunds of purchases in fct_refunds are the refund amounts in fct_orders.
{{ config(tags=['core']) }}

with

refunds as (
    select
        order_key,
        sum(refund_amount) as refund_amount
    from {{ ref('fct_refunds') }}
    where refund_of = 'purchase'
    group by order_key
)

select
    orders.order_key,
    orders.refund_amount,
    refunds.refund_amount as refunded
from {{ ref('fct_orders') }} as orders
full outer join refunds on orders.order_key = refunds.order_key
where orders.order_key is null or orders.refund_amount <> coalesce(refunds.refund_amount, 0)
