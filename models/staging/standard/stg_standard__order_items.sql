{{ config(enabled=has_entity('standard', 'order_items')) }}

with

source as (
    select
        *,
        {{ row_hash('order_items') }} as row_hash
    from {{ raw('standard', 'order_items') }}
),

values_read as (
    select
        *,
        {{ read_number('quantity', 'decimal(18,3)', 'standard') }} as quantity_read,
        {{ read_number('unit_price', 'decimal(18,4)', 'standard') }} as unit_price_read,
        {{ read_number('discount_amount', 'decimal(18,2)', 'standard') }}
            as discount_amount_read,
        {{ read_timestamp('updated_at', 'standard') }} as updated_at_read,
        {{ joined_values([
            'shop_id', 'order_id', 'line_number', 'product_id', 'product_name',
            'quantity', 'unit_price', 'discount_amount', 'updated_at',
        ]) }} as raw_values_read
    from source
),

renamed as (
    select
        ---------- ids
        'standard' as connector,
        coalesce({{ read_id('shop_id') }}, 'standard') as shop_id,
        {{ read_id('order_id') }} as order_id,
        {{ read_id('line_number') }} as line_number,
        {{ read_id('product_id') }} as product_id,

        ---------- text
        {{ read_text('product_name') }} as product_name,

        ---------- numbers
        quantity_read as quantity,
        unit_price_read as unit_price,
        discount_amount_read as discount_amount,

        ---------- time
        updated_at_read as updated_at,

        ---------- source
        {{ unreadable_column([
            'quantity', 'unit_price', 'discount_amount', 'updated_at',
        ]) }} as unreadable_column,
        {{ masked('raw_values_read') }} as raw_values,
        source_file,
        row_hash
    from values_read
)

select * from renamed
