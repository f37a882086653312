with

shop_ids as (
    select customer_id_key, customer_id
    from {{ ref('int_orders_checked') }}
    where row_status = 'accepted' and customer_id_key is not null
    union
    select customer_id_key, customer_id
    from {{ ref('int_customers_checked') }}
    where row_status = 'accepted'
),

people as (
    select
        identities.customer_key,
        min(shop_ids.customer_id) as customer_id
    from shop_ids
    inner join {{ ref('int_identities') }} as identities
        on shop_ids.customer_id_key = identities.identifier_key
    group by identities.customer_key
)

select * from people
