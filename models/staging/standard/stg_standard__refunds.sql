{{ config(enabled=has_entity('standard', 'refunds')) }}

{% set zone = "'" ~ var('time_zone') ~ "'" %}

with

source as (
    select * from {{ raw('standard', 'refunds') }}
),

values_read as (
    select
        *,
        {{ read_number('refund_amount', 'decimal(18,2)', 'standard') }}
            as refund_amount_read,
        {{ read_timestamp('refunded_at', 'standard') }} as refunded_at_read,
        {{ read_timestamp('updated_at', 'standard') }} as updated_at_read,
        {{ joined_values([
            'shop_id', 'refund_id', 'order_id', 'customer_id', 'refunded_at',
            'currency', 'refund_amount', 'updated_at',
        ]) }} as raw_values_read
    from source
),

renamed as (
    select
        ---------- ids
        'standard' as connector,
        coalesce({{ read_id('shop_id') }}, 'standard') as shop_id,
        {{ read_id('refund_id') }} as refund_id,
        {{ read_id('order_id') }} as order_id,
        {{ read_customer_id('customer_id') }} as customer_id,

        ---------- text
        upper({{ read_text('currency') }}) as currency,

        ---------- money
        refund_amount_read as refund_amount,

        ---------- time
        refunded_at_read as refunded_at,
        cast({{ local_time('refunded_at_read', zone) }} as date) as refund_date,
        updated_at_read as updated_at,

        ---------- source
        {{ unreadable_column(['refunded_at', 'refund_amount', 'updated_at']) }}
            as unreadable_column,
        {{ masked('raw_values_read') }} as raw_values,
        source_file
    from values_read
)

select * from renamed
