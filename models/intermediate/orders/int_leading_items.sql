{{ incremental_by('order_key', 'int_changed_orders') }}

with

ranked as (
    select
        order_key,
        product_key,
        product_id,
        row_number() over (
            partition by order_key
            order by net_amount desc, line_number asc
        ) as value_rank
    from {{ ref('int_order_items') }}
    where {{ is_touched() }}
),

leading_items as (
    select
        order_key,
        product_key,
        product_id
    from ranked
    where value_rank = 1
)

select * from leading_items
