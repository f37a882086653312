{{ config(enabled=has_entity('standard', 'customers')) }}

with

source as (
    select * from {{ raw('standard', 'customers') }}
),

values_read as (
    select
        *,
        {{ read_timestamp('updated_at', 'standard') }} as updated_at_read,
        {{ joined_values(['shop_id', 'customer_id', 'country', 'updated_at']) }}
            as raw_values_read
    from source
),

renamed as (
    select
        ---------- ids
        'standard' as connector,
        coalesce({{ read_id('shop_id') }}, 'standard') as shop_id,
        {{ read_customer_id('customer_id') }} as customer_id,
        {{ hashed_email('email') }} as email_hash,
        {{ hashed_phone('phone') }} as phone_hash,

        ---------- text
        {{ read_text('country') }} as country,

        ---------- time
        updated_at_read as updated_at,

        ---------- source
        {{ unreadable_column(['updated_at']) }} as unreadable_column,
        {{ masked('raw_values_read') }} as raw_values,
        source_file
    from values_read
)

select * from renamed
