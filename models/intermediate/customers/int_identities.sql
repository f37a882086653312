with recursive

edges as (
    select customer_id_key as identifier_key, email_key as linked_key
    from {{ ref('int_identity_links') }}
    where customer_id_key is not null and email_key is not null
    union
    select customer_id_key, phone_key
    from {{ ref('int_identity_links') }}
    where customer_id_key is not null and phone_key is not null
    union
    select email_key, phone_key
    from {{ ref('int_identity_links') }}
    where email_key is not null and phone_key is not null
),

neighbours as (
    select identifier_key, linked_key from edges
    union
    select linked_key, identifier_key from edges
),

-- The smallest key of a person has no smaller neighbour, so it is among these.
starts as (
    select identifier_key
    from neighbours
    group by identifier_key
    having min(linked_key) > identifier_key
),

reached as (
    select identifier_key, identifier_key as customer_key
    from starts
    union
    select neighbours.linked_key, reached.customer_key
    from reached
    inner join neighbours on reached.identifier_key = neighbours.identifier_key
),

linked as (
    select
        identifier_key,
        min(customer_key) as customer_key
    from reached
    group by identifier_key
),

identifiers as (
    select customer_id_key as identifier_key from {{ ref('int_identity_links') }}
    union
    select email_key from {{ ref('int_identity_links') }}
    union
    select phone_key from {{ ref('int_identity_links') }}
),

identities as (
    select
        identifiers.identifier_key,
        coalesce(linked.customer_key, identifiers.identifier_key) as customer_key
    from identifiers
    left join linked on identifiers.identifier_key = linked.identifier_key
    where identifiers.identifier_key is not null
)

select * from identities
