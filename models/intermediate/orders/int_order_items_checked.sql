{{ incremental_by('order_key', 'int_touched_orders') }}

with

keyed as (
    select
        *,
        {{ shop_key('order_id') }} as order_key,
        {{ shop_key('product_id') }}
            as product_key,
        {{ line_amount('quantity', 'unit_price') }} as gross_amount,
        coalesce(source_file, '') as file_name
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

checked as (
    select
        *,
        case when reason_code is not null then raw_values end as rejected_values
    from reasoned
),

-- Equal lines are real, so lines have no versions: the whole file of an order wins.
files as (
    select
        order_key,
        file_name,
        row_number() over (
            partition by order_key
            order by max(updated_at) desc nulls last, file_name
        ) as version_number
    from checked
    where reason_code is null
    group by order_key, file_name
),

classified as (
    select
        checked.connector,
        checked.order_key,
        checked.line_number,
        checked.product_key,
        checked.shop_id,
        checked.product_id,
        checked.product_name,
        checked.quantity,
        checked.unit_price,
        checked.gross_amount,
        checked.discount_amount,
        checked.reason_code,
        checked.rejected_values as raw_values,
        checked.source_file,
        {{ row_status() }} as row_status
    from checked
    left join files
        on checked.order_key = files.order_key and checked.file_name = files.file_name
)

select * from classified
