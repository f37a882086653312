{{ incremental_by('order_key', 'int_touched_orders') }}

with

-- An order with valid lines is made of those alone.
lines as (
    select
        *,
        is_valid or not bool_or(is_valid) over (partition by order_key) as is_counted
    from {{ ref('int_order_lines_checked') }}
    where
        row_status = 'accepted'
        and not is_refund_document
        and {{ is_touched() }}
),

orders as (
    select
        order_key,
        min(connector) as connector,
        min(shop_id) as shop_id,
        min(order_id) as order_id,
        max(customer_id) as customer_id,
        max(email_hash) as email_hash,
        max(phone_hash) as phone_hash,
        max(order_moment) as ordered_at,
        max(order_day) as order_date,
        bool_or(order_has_time) as has_order_time,
        max(time_zone) as time_zone,
        max(order_status) as status,
        max(currency) as currency,
        max(channel) as channel,
        max(coupon_code) as coupon_code,
        max(country) as country,
        sum(gross_amount) as gross_amount,
        coalesce(max(order_discount_amount), sum(discount_amount), 0)
            as discount_amount,
        max(tax_amount) as tax_amount,
        max(shipping_amount) as shipping_amount,
        max(order_refund_amount) as refund_amount,
        max(updated_at) as updated_at,
        cast(null as {{ dbt.type_string() }}) as unreadable_column,
        max(source_file) as source_file
    from lines
    where is_counted
    group by order_key
),

described as (
    select
        *,
        {{ raw_values([
            'order_id', 'customer_id', 'ordered_at', 'status', 'currency',
            'gross_amount', 'discount_amount',
        ]) }} as raw_values
    from orders
)

select * from described
