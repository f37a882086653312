with

products as (
    select
        product_key,
        connector,
        shop_id,
        product_id,
        product_name,
        category
    from {{ ref('int_products_checked') }}
    where row_status = 'accepted'
),

sold_products as (
    select
        product_key,
        min(connector) as connector,
        min(shop_id) as shop_id,
        min(product_id) as product_id,
        max(product_name) as product_name
    from {{ ref('int_order_items_checked') }}
    where row_status = 'accepted'
    group by product_key
),

described as (
    select
        coalesce(products.product_key, sold_products.product_key) as product_key,
        coalesce(products.connector, sold_products.connector) as connector,
        coalesce(products.shop_id, sold_products.shop_id) as shop_id,
        coalesce(products.product_id, sold_products.product_id) as product_id,
        coalesce(products.product_name, sold_products.product_name) as name,
        products.category
    from products
    full outer join sold_products on products.product_key = sold_products.product_key
)

select * from described
