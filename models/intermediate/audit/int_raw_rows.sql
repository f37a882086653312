{{ config(materialized='view') }}

-- One row per raw row that reached staging, with its face value: what has to be accounted for.
with

raw_rows as (
    select
        connector,
        'orders' as entity,
        gross_amount as amount
    from {{ ref('int_orders_unioned') }}
    union all
    select
        connector,
        'order_items',
        {{ line_amount('quantity', 'unit_price') }}
    from {{ ref('int_order_items_unioned') }}
    union all
    select
        connector,
        'order_lines',
        {{ line_amount('quantity', 'unit_price') }}
    from {{ ref('int_order_lines_unioned') }}
    union all
    select
        connector,
        'refunds',
        refund_amount
    from {{ ref('int_refunds_unioned') }}
    union all
    select
        connector,
        'products',
        null
    from {{ ref('int_products_unioned') }}
    union all
    select
        connector,
        'customers',
        null
    from {{ ref('int_customers_unioned') }}
)

select * from raw_rows
