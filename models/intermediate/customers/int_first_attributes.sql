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

labels as (
    select
        attribute,
        value,
        case
            when count(*) < {{ var('minimum_group_customers') }} then '(other)'
            else value
        end as label
    from attributes
    where value is not null
    group by attribute, value
),

-- An attribute that no customer has is not known in this shop, and gives no rows.
known as (
    select distinct attribute from labels
),

labelled as (
    select
        attributes.customer_key,
        attributes.attribute,
        case
            when labels.label is not null then labels.label
            when attributes.attribute = 'discount' then 'full_price'
            else '(none)'
        end as value
    from attributes
    inner join known on attributes.attribute = known.attribute
    left join labels
        on
            attributes.attribute = labels.attribute
            and attributes.value = labels.value
)

select * from labelled
