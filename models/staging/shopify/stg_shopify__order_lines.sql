{{ config(enabled=has_entity('shopify', 'order_lines')) }}

{% set zone = "'" ~ setting('shopify', 'time_zone', var('time_zone')) ~ "'" %}
{% set money = 'decimal(18,2)' %}

with

source as (
    select
        *,
        {{ row_hash('order_lines') }} as row_hash
    from {{ raw('shopify', 'order_lines') }}
),

values_read as (
    select
        *,
        {{ read_timestamp('created_at', 'shopify', zone) }} as created_at_read,
        {{ read_timestamp('paid_at', 'shopify', zone) }} as paid_at_read,
        {{ read_timestamp('cancelled_at', 'shopify', zone) }} as cancelled_at_read,
        {{ read_timestamp('fulfilled_at', 'shopify', zone) }} as fulfilled_at_read,
        {{ read_number('lineitem_quantity', 'decimal(18,3)', 'shopify') }}
            as lineitem_quantity_read,
        {{ read_number('lineitem_price', 'decimal(18,4)', 'shopify') }}
            as lineitem_price_read,
        {{ read_number('discount_amount', money, 'shopify') }} as discount_amount_read,
        {{ read_number('refunded_amount', money, 'shopify') }} as refunded_amount_read,
        {{ read_number('taxes', money, 'shopify') }} as taxes_read,
        {{ read_number('shipping', money, 'shopify') }} as shipping_read,
        {{ joined_values([
            'name', 'financial_status', 'created_at', 'paid_at', 'cancelled_at',
            'fulfilled_at', 'currency', 'discount_code', 'discount_amount', 'shipping',
            'taxes', 'refunded_amount', 'source', 'tags', 'lineitem_quantity',
            'lineitem_name', 'lineitem_sku', 'lineitem_price',
        ]) }} as raw_values_read
    from source
),

-- Order columns stand on an order's first row only; later rows leave them NULL.
renamed as (
    select
        ---------- ids
        'shopify' as connector,
        'shopify' as shop_id,
        {{ read_id('name') }} as order_id,
        null as customer_id,
        {{ hashed_email('email') }} as email_hash,
        {{ hashed_phone('phone') }} as phone_hash,
        null as line_number,
        coalesce({{ read_id('lineitem_sku') }}, {{ read_id('lineitem_name') }})
            as product_id,

        ---------- text
        case
            when {{ clean_text('financial_status') }} is null then null
            when {{ clean_text('cancelled_at') }} is not null then 'cancelled'
            when {{ matches(
                'lower(' ~ clean_text('tags') ~ ')', '(^|,) *test *(,|$)'
            ) }}
                then 'test'
            else {{ code('financial_status') }}
        end as status,
        upper({{ read_text('currency') }}) as currency,
        {{ read_text('source') }} as channel,
        {{ read_text('discount_code') }} as coupon_code,
        {{ read_text('shipping_country') }} as country,
        {{ zone }} as time_zone,
        {{ read_text('lineitem_name') }} as product_name,

        ---------- numbers
        lineitem_quantity_read as quantity,
        lineitem_price_read as unit_price,
        null as discount_amount,
        discount_amount_read as order_discount_amount,
        refunded_amount_read as order_refund_amount,
        taxes_read as tax_amount,
        shipping_read as shipping_amount,

        ---------- time
        created_at_read as ordered_at,
        cast({{ local_time('created_at_read', zone) }} as date) as order_date,
        {{ clean_text('created_at') }} like '%:%' as has_order_time,
        greatest(created_at_read, paid_at_read, cancelled_at_read, fulfilled_at_read)
            as updated_at,

        ---------- source
        case {{ unreadable_column([
            'created_at', 'discount_amount', 'refunded_amount', 'taxes', 'shipping',
            'lineitem_quantity', 'lineitem_price', 'paid_at', 'cancelled_at',
            'fulfilled_at',
        ]) }}
            when 'created_at' then 'ordered_at'
            when 'discount_amount' then 'discount_amount'
            when 'refunded_amount' then 'refund_amount'
            when 'taxes' then 'tax_amount'
            when 'shipping' then 'shipping_amount'
            when 'lineitem_quantity' then 'quantity'
            when 'lineitem_price' then 'unit_price'
            when 'paid_at' then 'updated_at'
            when 'cancelled_at' then 'updated_at'
            when 'fulfilled_at' then 'updated_at'
        end as unreadable_column,
        {{ masked('raw_values_read') }} as raw_values,
        source_file,
        row_hash
    from values_read
)

select * from renamed
