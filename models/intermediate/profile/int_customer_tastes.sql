with

bought as (
    select
        order_products.customer_key,
        order_products.order_number,
        order_products.net_amount,
        products.product_key,
        {{ as_text('products.product_id') }} as product_id,
        {{ as_text('products.category') }} as category
    from {{ ref('int_order_products') }} as order_products
    inner join {{ ref('dim_products') }} as products
        on order_products.product_key = products.product_key
    where order_products.customer_key is not null
),

products as (
    select
        customer_key,
        product_key,
        product_id,
        sum(net_amount) as net_amount,
        max(order_number) as latest_order
    from bought
    group by customer_key, product_key, product_id
),

categories as (
    select
        customer_key,
        category,
        sum(net_amount) as net_amount,
        max(order_number) as latest_order
    from bought
    where category is not null
    group by customer_key, category
),

ranked_products as (
    select
        *,
        row_number() over (
            partition by customer_key
            order by net_amount desc, latest_order desc, product_id asc, product_key asc
        ) as preference
    from products
),

ranked_categories as (
    select
        *,
        row_number() over (
            partition by customer_key
            order by net_amount desc, latest_order desc, category asc
        ) as preference
    from categories
),

preferred_products as (
    select
        customer_key,
        max(product_id) filter (where preference = 1) as preferred_product_id,
        count(*) as products_bought
    from ranked_products
    group by customer_key
),

preferred_categories as (
    select
        customer_key,
        max(category) filter (where preference = 1) as preferred_category,
        count(*) as categories_bought
    from ranked_categories
    group by customer_key
),

tastes as (
    select
        preferred_products.customer_key,
        preferred_products.preferred_product_id,
        preferred_products.products_bought,
        preferred_categories.preferred_category,
        preferred_categories.categories_bought
    from preferred_products
    left join preferred_categories
        on preferred_products.customer_key = preferred_categories.customer_key
)

select * from tastes
