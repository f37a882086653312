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

customers as (
    select
        ---------- ids
        purchases.customer_key,
        shop_ids.customer_id,
        observation.as_of_date,

        ---------- sequence
        purchases.first_purchase_date,
        purchases.last_purchase_date,
        purchases.second_purchase_date,
        {{ period_start("'month'", 'purchases.first_purchase_date') }} as cohort_month,
        purchases.order_count,
        purchases.purchase_count,

        ---------- money
        cast(purchases.gross_amount as decimal(18, 2)) as gross_amount,
        cast(purchases.discount_amount as decimal(18, 2)) as discount_amount,
        cast(
            purchases.refund_amount + customer_values.refund_without_order_amount
            as decimal(18, 2)
        ) as refund_amount,
        customer_values.historic_clv as net_amount,
        {{ average_amount('customer_values.historic_clv', 'purchases.order_count') }}
            as average_order_value,
        customer_values.historic_clv,
        customer_values.ltv_30d,
        customer_values.ltv_90d,
        customer_values.ltv_180d,
        customer_values.ltv_365d,

        ---------- days
        {{ days_between('purchases.first_purchase_date', 'observation.as_of_date') }}
            as tenure_days,
        {{ days_between('purchases.last_purchase_date', 'observation.as_of_date') }}
            as recency_days,

        ---------- first order
        first_orders.channel as first_channel,
        first_orders.product_id as first_product_id,
        first_orders.category as first_category,
        first_orders.is_discounted as first_order_was_discounted,
        purchases.first_purchase_date
        < {{ add_days('observation.observation_start', var('burn_in_days')) }}
            as is_left_censored
    from purchases
    inner join {{ ref('int_customer_values') }} as customer_values
        on purchases.customer_key = customer_values.customer_key
    inner join {{ ref('int_first_orders') }} as first_orders
        on purchases.customer_key = first_orders.customer_key
    left join {{ ref('int_customer_ids') }} as shop_ids
        on purchases.customer_key = shop_ids.customer_key
    cross join {{ ref('int_observation') }} as observation
)

select * from customers
