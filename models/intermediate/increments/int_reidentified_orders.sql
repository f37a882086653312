{% set before = kept('int_order_customers') %}

with

touched_orders as (
    select distinct order_key from {{ ref('int_touched_orders') }}
    {%- if not before %}
        where false
    {%- endif %}
),

identifiers as (
    select identifier_key from {{ ref('int_touched_identifiers') }}
),

orders as (
    select order_key from touched_orders
    union
    select order_key
    from {{ ref('int_orders_checked') }}
    where
        row_status = 'accepted'
        and (
            customer_id_key in (select identifiers.identifier_key from identifiers)
            or email_key in (select identifiers.identifier_key from identifiers)
            or phone_key in (select identifiers.identifier_key from identifiers)
        )
)

select * from orders
