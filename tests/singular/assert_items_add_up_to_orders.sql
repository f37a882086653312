-- Discounts and refunds of an order are shared out to its lines to the cent; where no warning
-- says otherwise so is everything else.
{{ config(tags=['core']) }}

with

items as (
    select
        order_key,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(refund_amount) as refund_amount,
        sum(net_amount) as net_amount
    from {{ ref('fct_order_items') }}
    group by order_key
)

select
    orders.order_key,
    orders.net_amount,
    items.net_amount as items_net_amount
from {{ ref('fct_orders') }} as orders
inner join items on orders.order_key = items.order_key
where
    orders.refund_amount <> items.refund_amount
    or (
        coalesce(orders.warning_code, '') <> 'lines_differ'
        and (
            orders.gross_amount <> items.gross_amount
            or orders.discount_amount <> items.discount_amount
            or orders.net_amount <> items.net_amount
        )
    )
