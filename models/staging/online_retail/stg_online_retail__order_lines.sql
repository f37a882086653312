{{ config(enabled=has_entity('online_retail', 'order_lines')) }}

{% set zone = "'Europe/London'" %}

with

source as (
    select
        *,
        {{ row_hash('order_lines') }} as row_hash
    from {{ raw('online_retail', 'order_lines') }}
),

values_read as (
    select
        *,
        {{ read_timestamp('invoice_date', 'online_retail', zone, naive_time='local') }}
            as invoice_date_read,
        {{ read_number('quantity', 'decimal(18,3)', 'online_retail') }}
            as quantity_read,
        {{ read_number('price', 'decimal(18,4)', 'online_retail') }}
            as price_read,
        {{ joined_values([
            'invoice', 'stock_code', 'description', 'quantity', 'invoice_date', 'price',
            'customer_id', 'country',
        ]) }} as raw_values_read
    from source
),

renamed as (
    select
        ---------- ids
        'online_retail' as connector,
        'online_retail' as shop_id,
        {{ read_id('invoice') }} as order_id,
        {{ read_customer_id('customer_id') }} as customer_id,
        null as email_hash,
        null as phone_hash,
        null as line_number,
        upper({{ read_id('stock_code') }}) as product_id,

        ---------- text
        case
            when upper({{ read_id('invoice') }}) like 'C%' then 'cancellation'
            when upper({{ read_id('invoice') }}) like 'A%' then 'adjustment'
            when price_read = 0 then 'unpriced'
            else 'invoice'
        end as status,
        'GBP' as currency,
        null as channel,
        null as coupon_code,
        {{ read_text('country') }} as country,
        {{ zone }} as time_zone,
        {{ read_text('description') }} as product_name,

        ---------- numbers
        quantity_read as quantity,
        price_read as unit_price,
        null as discount_amount,
        null as order_discount_amount,
        null as order_refund_amount,
        null as tax_amount,
        null as shipping_amount,

        ---------- time
        invoice_date_read as ordered_at,
        cast({{ local_time('invoice_date_read', zone) }} as date) as order_date,
        {{ clean_text('invoice_date') }} like '%:%' as has_order_time,
        null as updated_at,

        ---------- source
        case {{ unreadable_column(['invoice_date', 'quantity', 'price']) }}
            when 'invoice_date' then 'ordered_at'
            when 'quantity' then 'quantity'
            when 'price' then 'unit_price'
        end as unreadable_column,
        {{ masked('raw_values_read') }} as raw_values,
        source_file,
        row_hash
    from values_read
)

select * from renamed
