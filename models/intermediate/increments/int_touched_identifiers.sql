{% set before = kept('int_identities') %}
{% set links_before = kept('int_read_links') if before else none %}
{% set links = ref('int_identity_links') %}
{% set identifiers = 'customer_id_key, email_key, phone_key' %}

with

{%- if links_before %}

    new_links as (
        select {{ identifiers }} from {{ links }}
        except
        select {{ identifiers }} from {{ links_before }}
    ),

    gone_links as (
        select {{ identifiers }} from {{ links_before }}
        except
        select {{ identifiers }} from {{ links }}
    ),

    changed_links as (
        select * from new_links
        union all
        select * from gone_links
    ),

    changed as (
        select customer_id_key as identifier_key from changed_links
        union
        select email_key from changed_links
        union
        select phone_key from changed_links
    ),

    -- Who was one person with them may be so no more.
    people as (
        select distinct former.customer_key
        from changed
        inner join {{ before }} as former
            on changed.identifier_key = former.identifier_key
    ),

    touched as (
        select
            former.identifier_key,
            former.customer_key as former_customer_key
        from {{ before }} as former
        inner join people on former.customer_key = people.customer_key
        union all
        select
            changed.identifier_key,
            null as former_customer_key
        from changed
        left join {{ before }} as former
            on changed.identifier_key = former.identifier_key
        where changed.identifier_key is not null and former.identifier_key is null
    )
{%- else %}

    touched as (
        select
            cast(null as bigint) as identifier_key,
            cast(null as bigint) as former_customer_key
        where false
    )
{%- endif %}

select * from touched
