with

customers as (
    select customer_key
    from {{ ref('int_changed_orders') }}
    where customer_key is not null
    union
    select former_customer_key
    from {{ ref('int_changed_orders') }}
    where former_customer_key is not null
)

select * from customers
