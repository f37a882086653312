with

documents as (
    select
        *,
        row_number() over (
            partition by order_key
            order by {{ line_order() }}
        ) as document_line
    from {{ ref('int_order_lines_checked') }}
    where row_status = 'accepted' and is_refund_document
),

refunds as (
    select
        connector,
        shop_id,
        order_key,
        order_id || '-' || cast(document_line as {{ dbt.type_string() }}) as refund_id,
        cast(null as {{ dbt.type_string() }}) as order_id,
        customer_id,
        order_moment as refunded_at,
        order_day as refund_date,
        currency,
        -gross_amount as refund_amount,
        updated_at,
        cast(null as {{ dbt.type_string() }}) as unreadable_column,
        {{ raw_values([
            'order_id', 'customer_id', 'product_id', 'quantity', 'unit_price',
        ]) }} as raw_values,
        source_file
    from documents
)

select * from refunds
