with

orders as (
    select *
    from {{ ref('int_orders_checked') }}
    where
        row_status = 'accepted'
        and refund_amount <> 0
        {%- for connector in var('connectors') if has_entity(connector, 'refunds') %}
            and connector <> '{{ connector }}'
        {%- endfor %}
),

refunds as (
    select
        connector,
        shop_id,
        order_key,
        order_id as refund_id,
        order_id,
        customer_id,
        cast(null as timestamp) as refunded_at,
        cast(null as date) as refund_date,
        currency,
        refund_amount,
        cast(null as timestamp) as updated_at,
        cast(null as {{ dbt.type_string() }}) as unreadable_column,
        {{ raw_values(['order_id', 'currency', 'refund_amount']) }} as raw_values,
        source_file
    from orders
)

select * from refunds
