-- depends_on: {{ ref('int_touched_identifiers') }}

with

links as (
    select
        customer_id_key,
        email_key,
        phone_key
    from {{ ref('int_identity_links') }}
)

select * from links
