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

counted as (
    select
        attribute,
        value,
        count(*) as customers,
        max(value) over (partition by attribute) is not null as is_known
    from attributes
    group by attribute, value
),

-- An attribute that no customer has is not known in this shop, and gives no rows.
labels as (
    select
        attribute,
        value,
        case
            when value is null and attribute = 'discount' then 'full_price'
            when value is null then '(none)'
            when customers < {{ var('minimum_group_customers') }} then '(other)'
            else value
        end as label
    from counted
    where is_known
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
