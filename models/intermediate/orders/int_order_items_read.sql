{{ incremental_by('order_key', 'int_touched_orders') }}

with

keyed as (
    select
        *,
        {{ shop_key('order_id') }} as order_key,
        {{ shop_key('product_id') }}
            as product_key,
        {{ line_amount('quantity', 'unit_price') }} as gross_amount
    from {{ ref('int_order_items_unioned') }}
    where {{ is_in_touched_file() }}
),

items as (
    select *
    from keyed
    where {{ is_touched() }}
),

orders as (
    select order_key
    from {{ ref('int_orders_checked') }}
    where row_status = 'accepted'
),

reasoned as (
    select
        items.*,
        case
            when {{ is_not_arrived('items.arrival_date') }} then 'not_arrived'
            when items.order_id is null then 'missing_order_id'
            when items.unreadable_column is not null
                then 'unreadable_' || items.unreadable_column
            when items.product_id is null then 'missing_product_id'
            when items.quantity is null then 'missing_quantity'
            when items.unit_price is null then 'missing_unit_price'
            when items.gross_amount is null then 'amount_out_of_range'
            when items.quantity < 0 then 'negative_quantity'
            when items.unit_price < 0 then 'negative_unit_price'
            when items.discount_amount < 0 then 'negative_discount_amount'
            when orders.order_key is null then 'order_not_found'
        end as reason_code
    from items
    left join orders on items.order_key = orders.order_key
),

read as (
    select
        connector,
        order_key,
        line_number,
        product_key,
        shop_id,
        product_id,
        product_name,
        quantity,
        unit_price,
        gross_amount,
        discount_amount,
        updated_at,
        reason_code,
        case when reason_code is not null then raw_values end as raw_values,
        source_file
    from reasoned
)

select * from read
