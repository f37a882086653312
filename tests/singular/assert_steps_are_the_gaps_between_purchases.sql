-- Steps and the steps left out are all purchase days but each customer's first; left out are those
-- with no product, or more than affinity_maximum_products, on either day.
{{ config(tags=['products']) }}

with

days as (
    select
        orders.customer_key,
        orders.purchase_number,
        count(distinct items.product_key) as products
    from {{ ref('fct_orders') }} as orders
    left join {{ ref('fct_order_items') }} as items on orders.order_key = items.order_key
    where not orders.is_guest
    group by orders.customer_key, orders.purchase_number
),

days_before as (
    select
        products,
        lag(products) over (
            partition by customer_key order by purchase_number
        ) as products_before
    from days
),

counted as (
    select
        count(*) as steps,
        count(*) filter (
            where
            least(products, products_before) = 0
            or greatest(products, products_before)
            > {{ var('affinity_maximum_products') }}
        ) as steps_left_out
    from days_before
    where products_before is not null
),

purchases as (
    select coalesce(sum(purchase_count - 1), 0) as gaps from {{ ref('fct_customers') }}
),

steps as (
    select distinct
        customer_key,
        step_number
    from {{ ref('int_product_steps') }}
),

found as (
    select count(*) as steps from steps
),

published as (
    select
        min(steps) as least_steps,
        max(steps) as most_steps
    from {{ ref('next_products') }}
)

select
    found.steps,
    counted.steps_left_out,
    purchases.gaps
from found
cross join counted
cross join purchases
cross join published
where
    found.steps + counted.steps_left_out <> purchases.gaps
    or published.least_steps <> found.steps
    or published.most_steps <> found.steps
