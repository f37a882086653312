with

-- One row per customer and attribute.
attributes as (
    select customer_key, 'channel' as attribute, channel as value
    from {{ ref('int_first_orders') }}
    union all
    select customer_key, 'category', category from {{ ref('int_first_orders') }}
    union all
    select customer_key, 'product', product_id from {{ ref('int_first_orders') }}
    union all
    select customer_key, 'coupon', coupon_code from {{ ref('int_first_orders') }}
    union all
    select customer_key, 'country', country from {{ ref('int_first_orders') }}
    union all
    select
        customer_key,
        'discount',
        case when is_discounted then 'discounted' end
    from {{ ref('int_first_orders') }}
),

-- An attribute that no customer has is not known in this shop, and gives no rows.
known as (
    select
        attribute,
        value,
        count(*) as customers
    from attributes
    group by attribute, value
),

labels as (
    select
        known.attribute,
        known.value,
        case
            when known.value is null and known.attribute = 'discount' then 'full_price'
            when known.value is null then '(none)'
            when known.customers < {{ var('minimum_group_customers') }} then '(other)'
            else known.value
        end as label
    from known
    where known.attribute in (
        select attribute from known where value is not null
    )
),

labelled as (
    select
        attributes.customer_key,
        attributes.attribute,
        labels.label as value
    from attributes
    inner join labels
        on
            attributes.attribute = labels.attribute
            and (
                attributes.value = labels.value
                or (attributes.value is null and labels.value is null)
            )
)

select * from labelled
