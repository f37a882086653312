{{ config(enabled=has_entity('standard', 'products')) }}

with

source as (
    select * from {{ raw('standard', 'products') }}
),

values_read as (
    select
        *,
        {{ read_timestamp('updated_at', 'standard') }} as updated_at_read,
        {{ joined_values([
            'shop_id', 'product_id', 'product_name', 'category', 'updated_at',
        ]) }} as raw_values_read
    from source
),

renamed as (
    select
        ---------- ids
        'standard' as connector,
        coalesce({{ read_id('shop_id') }}, 'standard') as shop_id,
        {{ read_id('product_id') }} as product_id,

        ---------- text
        {{ read_text('product_name') }} as product_name,
        {{ read_text('category') }} as category,

        ---------- time
        updated_at_read as updated_at,

        ---------- source
        {{ unreadable_column(['updated_at']) }} as unreadable_column,
        {{ masked('raw_values_read') }} as raw_values,
        source_file
    from values_read
)

select * from renamed
