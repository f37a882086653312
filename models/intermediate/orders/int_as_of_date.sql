with

orders as (
    select max(order_date) as last_order_date
    from {{ ref('int_orders_checked') }}
    where row_status = 'accepted'
),

as_of as (
    select coalesce({{ date_var('as_of_date') }}, last_order_date) as as_of_date
    from orders
)

select * from as_of
