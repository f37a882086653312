{{ incremental_by('identifier_key', 'int_touched_identifiers') }}

{% set links %}
    (
        select *
        from {{ ref('int_identity_links') }}
        where {{ is_touched('coalesce(customer_id_key, email_key, phone_key)') }}
    )
{% endset %}

with

identifiers as (
    select customer_id_key as identifier_key from {{ links }} as links
    union
    select email_key from {{ links }} as links
    union
    select phone_key from {{ links }} as links
),

identities as (
    select
        identifiers.identifier_key,
        coalesce(linked.customer_key, identifiers.identifier_key) as customer_key
    from identifiers
    left join {{ linked_identifiers(links) }} as linked
        on identifiers.identifier_key = linked.identifier_key
    where identifiers.identifier_key is not null
)

select * from identities
