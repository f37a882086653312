{{ incremental_by('order_key', 'int_changed_orders') }}

with

items as (
    select
        order_key,
        line_number,
        product_key,
        product_id,
        quantity,
        unit_price,
        gross_amount,
        discount_amount,
        refund_amount,
        cast(net_amount as decimal(18, 2)) as net_amount
    from {{ ref('int_order_items') }}
    where {{ is_touched() }}
)

select * from items
