with

rows_with_identifiers as (
    select customer_id_key, email_key, phone_key
    from {{ ref('int_orders_checked') }}
    where row_status = 'accepted'
    union
    select customer_id_key, email_key, phone_key
    from {{ ref('int_customers_checked') }}
    where row_status = 'accepted'
),

-- An e-mail or phone of many customer ids is the shop's own, not a person's.
placeholders as (
    select email_key as identifier_key
    from rows_with_identifiers
    where email_key is not null
    group by email_key
    having count(distinct customer_id_key) > {{ var('identity_max_customer_ids') }}
    union
    select phone_key as identifier_key
    from rows_with_identifiers
    where phone_key is not null
    group by phone_key
    having count(distinct customer_id_key) > {{ var('identity_max_customer_ids') }}
),

links as (
    select distinct
        seen.customer_id_key,
        case when emails.identifier_key is null then seen.email_key end as email_key,
        case when phones.identifier_key is null then seen.phone_key end as phone_key
    from rows_with_identifiers as seen
    left join placeholders as emails on seen.email_key = emails.identifier_key
    left join placeholders as phones on seen.phone_key = phones.identifier_key
)

select * from links
