with

observation as (
    select as_of_date from {{ ref('int_observation') }}
),

sales as (
    select
        product_key,
        count(*) as orders,
        sum(units) as units,
        sum(gross_amount) as gross_amount,
        sum(net_amount) as net_amount,
        count(*) filter (where is_first_order) as first_orders,
        count(customer_key) as customer_orders
    from {{ ref('int_order_products') }}
    group by product_key
),

-- One row per buyer: the days from the first one with the product to the next.
buyers as (
    select
        product_days.product_key,
        {{ days_between(
            'product_days.purchase_date', 'product_days.next_date_of_product'
        ) }} as days_to_repeat,
        {{ add_days('product_days.purchase_date', 90) }} <= observation.as_of_date
            as is_eligible
    from {{ ref('int_product_days') }} as product_days
    cross join observation
    where product_days.is_first_of_product
),

repeats as (
    select
        product_key,
        count(*) as customers,
        count(days_to_repeat) as repeat_buyers,
        count(*) filter (where is_eligible) as eligible_customers_90d,
        count(*) filter (where is_eligible and days_to_repeat <= 90)
            as repeat_buyers_90d
    from buyers
    group by product_key
),

counted as (
    select
        products.product_key,
        products.product_id,
        products.name,
        products.category,
        coalesce(sales.orders, 0) as orders,
        coalesce(repeats.customers, 0) as customers,
        cast(coalesce(sales.units, 0) as decimal(18, 3)) as units,
        cast(coalesce(sales.gross_amount, 0) as decimal(18, 2)) as gross_amount,
        cast(coalesce(sales.net_amount, 0) as decimal(18, 2)) as net_amount,
        coalesce(repeats.repeat_buyers, 0) as repeat_buyers,
        coalesce(repeats.eligible_customers_90d, 0) as eligible_customers_90d,
        coalesce(repeats.repeat_buyers_90d, 0) as repeat_buyers_90d,
        coalesce(sales.first_orders, 0) as first_orders,
        coalesce(sales.customer_orders, 0) as customer_orders
    from {{ ref('dim_products') }} as products
    left join sales on products.product_key = sales.product_key
    left join repeats on products.product_key = repeats.product_key
),

rated as (
    select
        counted.product_key,
        observation.as_of_date,
        counted.product_id,
        counted.name,
        counted.category,
        counted.orders,
        counted.customers,
        counted.units,
        counted.gross_amount,
        counted.net_amount,
        counted.repeat_buyers,
        {{ rate('counted.repeat_buyers', 'counted.customers') }} as repeat_buyer_rate,
        {{ wilson_low('counted.repeat_buyers', 'counted.customers') }}
            as repeat_buyer_ci_low,
        {{ wilson_high('counted.repeat_buyers', 'counted.customers') }}
            as repeat_buyer_ci_high,
        counted.eligible_customers_90d,
        counted.repeat_buyers_90d,
        {{ rate('counted.repeat_buyers_90d', 'counted.eligible_customers_90d') }}
            as repeat_buyer_rate_90d,
        {{ wilson_low('counted.repeat_buyers_90d', 'counted.eligible_customers_90d') }}
            as repeat_buyer_90d_ci_low,
        {{ wilson_high('counted.repeat_buyers_90d', 'counted.eligible_customers_90d') }}
            as repeat_buyer_90d_ci_high,
        counted.first_orders,
        counted.customer_orders,
        {{ rate('counted.first_orders', 'counted.customer_orders') }}
            as first_order_share,
        reorders.median_reorder_days,
        reorders.km_median_reorder_days
    from counted
    left join {{ ref('int_product_reorders') }} as reorders
        on counted.product_key = reorders.product_key
    cross join observation
)

select * from rated
