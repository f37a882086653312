{{ config(materialized='view') }}

-- One row per raw row as the checks left it.
with

checked_rows as (
    select
        connector,
        'orders' as entity,
        row_status,
        reason_code,
        gross_amount as amount,
        source_file,
        raw_values
    from {{ ref('int_orders_checked') }}
    union all
    select
        connector,
        'order_items',
        row_status,
        reason_code,
        gross_amount,
        source_file,
        raw_values
    from {{ ref('int_order_items_checked') }}
    union all
    select
        connector,
        'order_lines',
        row_status,
        reason_code,
        gross_amount,
        source_file,
        raw_values
    from {{ ref('int_order_lines_checked') }}
    union all
    select
        connector,
        'refunds',
        row_status,
        reason_code,
        refund_amount,
        source_file,
        raw_values
    from {{ ref('int_refunds_checked') }}
    union all
    select
        connector,
        'products',
        row_status,
        reason_code,
        null,
        source_file,
        raw_values
    from {{ ref('int_products_checked') }}
    union all
    select
        connector,
        'customers',
        row_status,
        reason_code,
        null,
        source_file,
        raw_values
    from {{ ref('int_customers_checked') }}
)

select * from checked_rows
