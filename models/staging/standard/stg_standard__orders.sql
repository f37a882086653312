{{ config(enabled=has_entity('standard', 'orders')) }}

{% set zone = "coalesce(time_zone_read, '" ~ var('time_zone') ~ "')" %}
{% set money = 'decimal(18,2)' %}

with

source as (
    select
        *,
        {{ row_hash('orders') }} as row_hash,
        case
            when {{ is_time_zone(clean_text('time_zone')) }}
                then {{ clean_text('time_zone') }}
        end as time_zone_read
    from {{ raw('standard', 'orders') }}
),

values_read as (
    select
        *,
        {{ read_timestamp('ordered_at', 'standard', zone) }} as ordered_at_read,
        {{ read_timestamp('updated_at', 'standard', zone) }} as updated_at_read,
        {{ read_number('gross_amount', money, 'standard') }} as gross_amount_read,
        {{ read_number('discount_amount', money, 'standard') }} as discount_amount_read,
        {{ read_number('tax_amount', money, 'standard') }} as tax_amount_read,
        {{ read_number('shipping_amount', money, 'standard') }} as shipping_amount_read,
        {{ read_number('refund_amount', money, 'standard') }} as refund_amount_read,
        {{ joined_values([
            'shop_id', 'order_id', 'customer_id', 'ordered_at', 'time_zone', 'status',
            'currency', 'channel', 'coupon_code', 'country', 'gross_amount',
            'discount_amount', 'tax_amount', 'shipping_amount', 'refund_amount',
            'updated_at',
        ]) }} as raw_values_read
    from source
),

renamed as (
    select
        ---------- ids
        'standard' as connector,
        coalesce({{ read_id('shop_id') }}, 'standard') as shop_id,
        {{ read_id('order_id') }} as order_id,
        {{ read_customer_id('customer_id') }} as customer_id,
        {{ hashed_email('email') }} as email_hash,
        {{ hashed_phone('phone') }} as phone_hash,

        ---------- text
        {{ code('status') }} as status,
        upper({{ read_text('currency') }}) as currency,
        {{ read_text('channel') }} as channel,
        {{ read_text('coupon_code') }} as coupon_code,
        {{ read_text('country') }} as country,
        {{ zone }} as time_zone,

        ---------- money
        gross_amount_read as gross_amount,
        coalesce(discount_amount_read, 0) as discount_amount,
        tax_amount_read as tax_amount,
        shipping_amount_read as shipping_amount,
        refund_amount_read as refund_amount,

        ---------- time
        ordered_at_read as ordered_at,
        cast({{ local_time('ordered_at_read', zone) }} as date) as order_date,
        {{ clean_text('ordered_at') }} like '%:%' as has_order_time,
        updated_at_read as updated_at,

        ---------- source
        {{ unreadable_column([
            'ordered_at', 'time_zone', 'gross_amount', 'discount_amount', 'tax_amount',
            'shipping_amount', 'refund_amount', 'updated_at',
        ]) }} as unreadable_column,
        {{ masked('raw_values_read') }} as raw_values,
        source_file,
        row_hash
    {%- for column in var('x_columns') %},
        {{ column }}
        {%- endfor %}
    from values_read
)

select * from renamed
