with

orders as (
    select order_key
    from {{ ref('int_changed_orders') }}
    union
    select orders.order_key
    from {{ ref('int_orders') }} as orders
    inner join {{ ref('int_changed_customers') }} as customers
        on orders.customer_key = customers.customer_key
)

select * from orders
