{{ incremental_by('customer_key', 'int_touched_customers') }}

with

identities as (
    select *
    from {{ ref('int_identities') }}
    where {{ is_touched() }}
),

shop_ids as (
    select
        identities.customer_key,
        orders.customer_id
    from {{ ref('int_orders_checked') }} as orders
    inner join identities on orders.customer_id_key = identities.identifier_key
    where orders.row_status = 'accepted'
    union all
    select
        identities.customer_key,
        customers.customer_id
    from {{ ref('int_customers_checked') }} as customers
    inner join identities on customers.customer_id_key = identities.identifier_key
    where customers.row_status = 'accepted'
),

people as (
    select
        customer_key,
        min(customer_id) as customer_id
    from shop_ids
    group by customer_key
)

select * from people
