{{ config(enabled=has_entity('cdnow', 'order_lines')) }}

{% set zone = "'America/New_York'" %}

with

-- Dates are written yyyymmdd.
source as (
    select
        *,
        {{ row_hash('order_lines') }} as row_hash,
        {{ replace_matches(
            clean_text('purchase_date'),
            '^([0-9]{4})([0-9]{2})([0-9]{2})$',
            '\\1-\\2-\\3',
        ) }} as purchase_day
    from {{ raw('cdnow', 'order_lines') }}
),

values_read as (
    select
        *,
        {{ read_timestamp('purchase_day', 'cdnow', zone, naive_time='local') }}
            as purchase_date_read,
        {{ read_number('dollars', 'decimal(18,4)', 'cdnow') }} as dollars_read,
        {{ joined_values([
            'customer_id', 'sample_id', 'purchase_date', 'cds', 'dollars',
        ]) }} as raw_values_read
    from source
),

-- There is no order id: a customer's lines of one day are one order. The dollars are
-- the value of all CDs of the line, so a line is one unit.
renamed as (
    select
        ---------- ids
        'cdnow' as connector,
        'cdnow' as shop_id,
        {{ read_customer_id('customer_id') }}
        || '-' || {{ clean_text('purchase_date') }} as order_id,
        {{ read_customer_id('customer_id') }} as customer_id,
        null as email_hash,
        null as phone_hash,
        null as line_number,
        'CD' as product_id,

        ---------- text
        'purchase' as status,
        'USD' as currency,
        null as channel,
        null as coupon_code,
        null as country,
        {{ zone }} as time_zone,
        null as product_name,

        ---------- numbers
        1 as quantity,
        dollars_read as unit_price,
        null as discount_amount,
        null as order_discount_amount,
        null as order_refund_amount,
        null as tax_amount,
        null as shipping_amount,

        ---------- time
        purchase_date_read as ordered_at,
        cast({{ local_time('purchase_date_read', zone) }} as date) as order_date,
        false as has_order_time,
        null as updated_at,

        ---------- source
        case {{ unreadable_column(['purchase_date', 'dollars']) }}
            when 'purchase_date' then 'ordered_at'
            when 'dollars' then 'unit_price'
        end as unreadable_column,
        {{ masked('raw_values_read') }} as raw_values,
        source_file,
        row_hash
    from values_read
)

select * from renamed
