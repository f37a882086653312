with

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
    left join {{ linked_identifiers(ref('int_identity_links')) }} as linked
        on identifiers.identifier_key = linked.identifier_key
    where identifiers.identifier_key is not null
)

select * from identities
