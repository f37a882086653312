{{ incremental_by('order_key', 'int_changed_orders') }}

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
    where
        items.row_status = 'accepted'
        and orders.is_purchase
        and {{ is_touched('items.order_key') }}
),

-- Lines that are alike in all of their order are alike in all that is summed here.
in_order as (
    select
        *,
        cast(row_number() over so_far as bigint) as line_number,
        count(*) over whole_order as line_count,
        sum(gross_amount) over whole_order as whole_gross,
        sum(gross_amount) over so_far as gross_so_far,
        sum(discount_amount) over whole_order as whole_discount,
        coalesce(sum(discount_amount) over so_far, 0) as discount_so_far
    from items
    window
        whole_order as (partition by order_key),
        so_far as (
            partition by order_key
            order by {{ line_order('shop_line_number') }}
            rows unbounded preceding
        )
),

-- Amounts are shared out, so that the items of an order add up to the order to the
-- cent, also after conversion.
discounted as (
    select
        *,
        {{ share_out(
            converted('whole_gross'), 'gross_so_far', 'gross_amount', 'whole_gross'
        ) }} as gross_share,
        case
            when whole_discount is null then {{ share_out(
                'order_discount_amount', 'gross_so_far', 'gross_amount', 'whole_gross'
            ) }}
            else {{ share_out(
                converted('whole_discount'),
                'discount_so_far',
                'coalesce(discount_amount, 0)',
                'whole_discount',
            ) }}
        end as discount_share
    from in_order
),

weighted as (
    select
        *,
        greatest(gross_share - discount_share, 0) as paid
    from discounted
),

refunded as (
    select
        *,
        sum(paid) over (partition by order_key) as whole_paid,
        sum(paid) over (partition by order_key order by line_number) as paid_so_far
    from weighted
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
        {{ share_out('order_refund_amount', 'paid_so_far', 'paid', 'whole_paid') }}
            as refund_amount
    from refunded
),

netted as (
    select
        *,
        gross_amount - discount_amount - refund_amount as net_amount
    from shared
)

select * from netted
