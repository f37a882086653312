with

purchases as (
    select
        customer_key,
        min(purchase_date) as first_purchase_date,
        max(purchase_date) as last_purchase_date,
        max(case when purchase_number = 2 then purchase_date end)
            as second_purchase_date,
        cast(sum(orders) as bigint) as order_count,
        count(*) as purchase_count,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(refund_amount) as refund_amount
    from {{ ref('int_purchases') }}
    group by customer_key
),

refunds_without_order as (
    select
        customer_key,
        sum(refund_amount) as refund_amount
    from {{ ref('int_refunds') }}
    where refund_of = 'customer'
    group by customer_key
),

valued as (
    select
        purchases.*,
        purchases.refund_amount + coalesce(refunds_without_order.refund_amount, 0)
            as all_refunds_amount,
        purchases.gross_amount - purchases.discount_amount - purchases.refund_amount
        - coalesce(refunds_without_order.refund_amount, 0) as net_amount
    from purchases
    left join refunds_without_order
        on purchases.customer_key = refunds_without_order.customer_key
),

customers as (
    select
        ---------- ids
        valued.customer_key,
        shop_ids.customer_id,
        observation.as_of_date,

        ---------- sequence
        valued.first_purchase_date,
        valued.last_purchase_date,
        valued.second_purchase_date,
        {{ period_start("'month'", 'valued.first_purchase_date') }} as cohort_month,
        valued.order_count,
        valued.purchase_count,

        ---------- money
        cast(valued.gross_amount as decimal(18, 2)) as gross_amount,
        cast(valued.discount_amount as decimal(18, 2)) as discount_amount,
        cast(valued.all_refunds_amount as decimal(18, 2)) as refund_amount,
        cast(valued.net_amount as decimal(18, 2)) as net_amount,
        {{ average_amount('valued.net_amount', 'valued.order_count') }}
            as average_order_value,

        ---------- days
        {{ days_between('valued.first_purchase_date', 'observation.as_of_date') }}
            as tenure_days,
        {{ days_between('valued.last_purchase_date', 'observation.as_of_date') }}
            as recency_days,

        ---------- first order
        first_orders.channel as first_channel,
        first_orders.product_id as first_product_id,
        first_orders.category as first_category,
        first_orders.is_discounted as first_order_was_discounted,
        valued.first_purchase_date
        < {{ add_days('observation.observation_start', var('burn_in_days')) }}
            as is_left_censored
    from valued
    inner join {{ ref('int_first_orders') }} as first_orders
        on valued.customer_key = first_orders.customer_key
    left join {{ ref('int_customer_ids') }} as shop_ids
        on valued.customer_key = shop_ids.customer_key
    cross join {{ ref('int_observation') }} as observation
)

select * from customers
