{% set order_gross = "sum(gross_amount) over (partition by order_key)" %}
{% set order_discount = "sum(discount_amount) over (partition by order_key)" %}

with

items as (
    select
        items.order_key,
        items.product_key,
        items.product_id,
        items.line_number as shop_line_number,
        items.quantity,
        items.unit_price,
        items.gross_amount,
        items.discount_amount,
        orders.exchange_rate,
        orders.discount_amount as order_discount_amount,
        orders.refund_amount as order_refund_amount
    from {{ ref('int_order_items_checked') }} as items
    inner join {{ ref('int_orders') }} as orders on items.order_key = orders.order_key
    where items.row_status = 'accepted' and orders.is_purchase
),

numbered as (
    select
        order_key,
        product_key,
        product_id,
        quantity,
        unit_price,
        gross_amount,
        coalesce(discount_amount, 0) as discount_amount,
        exchange_rate,
        order_discount_amount,
        order_refund_amount,
        row_number() over (
            partition by order_key
            order by {{ line_order('shop_line_number') }}
        ) as line_number,
        count(discount_amount) over (partition by order_key) > 0 as has_line_discounts
    from items
),

-- Amounts are shared out, so that the items of an order add up to the order to the
-- cent, also after conversion.
gross as (
    select
        *,
        {{ share_out(converted(order_gross), 'gross_amount') }} as gross_share
    from numbered
),

discounted as (
    select
        *,
        case
            when has_line_discounts
                then {{ share_out(converted(order_discount), 'discount_amount') }}
            else {{ share_out('order_discount_amount', 'gross_amount') }}
        end as discount_share
    from gross
),

refunded as (
    select
        *,
        {{ share_out(
            'order_refund_amount', 'greatest(gross_share - discount_share, 0)'
        ) }} as refund_share
    from discounted
),

shared as (
    select
        order_key,
        line_number,
        product_key,
        product_id,
        quantity,
        unit_price,
        gross_share as gross_amount,
        discount_share as discount_amount,
        refund_share as refund_amount,
        gross_share - discount_share - refund_share as net_amount
    from refunded
)

select * from shared
