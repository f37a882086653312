{% set orders_before = kept('int_first_orders') %}
{% set values_before = kept('int_customer_values') %}
{% set products = ref('dim_products') %}

with

identifiers as (
    select * from {{ ref('int_touched_identifiers') }}
),

customers as (
    select customer_key from {{ ref('int_changed_customers') }}
    union
    select former_customer_key from identifiers
    where former_customer_key is not null
    union
    select identities.customer_key
    from identifiers
    inner join {{ ref('int_identities') }} as identities
        on identifiers.identifier_key = identities.identifier_key

    -- A refund without an order changes a customer without a changed order.
    union
    select customer_key from {{ ref('int_refunds') }}
    where refund_of = 'customer'
    {%- if values_before %}
        union
        select customer_key from {{ values_before }}
        where refund_without_order_amount <> 0
    {%- endif %}

    -- So does a product that has another category now.
    {%- if orders_before %}
        union
        select before.customer_key
        from {{ orders_before }} as before
        left join {{ products }} as products
            on before.product_key = products.product_key
        where before.category is distinct from {{ as_text('products.category') }}
    {%- endif %}
)

select * from customers
