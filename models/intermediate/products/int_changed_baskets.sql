with

baskets as (
    select order_key as basket_key
    from {{ ref('int_resequenced_orders') }}
    union
    select customer_key
    from {{ ref('int_changed_customers') }}
)

select * from baskets
