{{ incremental_by('order_key', 'int_touched_orders') }}

with

lines as (
    select *
    from {{ ref('int_order_lines_checked') }}
    where
        row_status = 'accepted'
        and is_valid
        and {{ is_touched() }}
),

items as (
    select
        connector,
        shop_id,
        order_key,
        order_id,
        line_number,
        product_id,
        product_name,
        quantity,
        unit_price,
        discount_amount,
        updated_at,
        cast(null as {{ dbt.type_string() }}) as unreadable_column,
        {{ raw_values(['order_id', 'product_id', 'quantity', 'unit_price']) }}
            as raw_values,
        source_file
    from lines
)

select * from items
