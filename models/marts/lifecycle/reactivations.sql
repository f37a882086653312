with

returns as (
    select
        customer_key,
        purchase_number,
        purchase_date as reactivated_on,
        gap_days
    from {{ ref('int_silences') }}
    where gap_days > {{ var('lapse_days') }}
),

events as (
    select
        customer_key,
        purchase_date as event_date,
        1 as purchases,
        net_amount
    from {{ ref('int_purchases') }}
    union all
    select customer_key, booked_date, 0, -refund_amount
    from {{ ref('int_refunds') }}
    where refund_of = 'customer'
),

history as (
    select
        returns.customer_key,
        returns.reactivated_on,
        returns.gap_days,
        returns.purchase_number,
        events.purchases,
        events.net_amount,
        events.event_date < returns.reactivated_on as is_before
    from returns
    inner join events on returns.customer_key = events.customer_key
),

worth as (
    select
        customer_key,
        reactivated_on,
        gap_days,
        purchase_number,
        sum(purchases) filter (where is_before) as purchases_before,
        sum(purchases) filter (where not is_before) as purchases_after,
        sum(net_amount) filter (where is_before) as net_amount_before,
        sum(net_amount) filter (where not is_before) as net_amount_after
    from history
    group by customer_key, reactivated_on, gap_days, purchase_number
),

orders as (
    select
        orders.customer_key,
        orders.purchase_number,
        orders.order_key,
        orders.channel,
        orders.coupon_code,
        row_number() over (
            partition by orders.customer_key, orders.purchase_number
            order by orders.order_number
        ) as order_of_day
    from {{ ref('fct_orders') }} as orders
    inner join returns
        on
            orders.customer_key = returns.customer_key
            and orders.purchase_number = returns.purchase_number
),

described as (
    select
        worth.customer_key,
        worth.reactivated_on,
        observation.as_of_date,
        worth.gap_days,
        cast(worth.purchases_before as bigint) as purchases_before,
        cast(worth.purchases_after as bigint) as purchases_after,
        cast(worth.net_amount_before as decimal(18, 2)) as net_amount_before,
        cast(worth.net_amount_after as decimal(18, 2)) as net_amount_after,
        orders.channel,
        orders.coupon_code,
        products.category
    from worth
    inner join orders
        on
            worth.customer_key = orders.customer_key
            and worth.purchase_number = orders.purchase_number
            and orders.order_of_day = 1
    left join {{ ref('int_leading_items') }} as items
        on orders.order_key = items.order_key
    left join {{ ref('dim_products') }} as products
        on items.product_key = products.product_key
    cross join {{ ref('int_observation') }} as observation
)

select * from described
