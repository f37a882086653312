with

aged as (
    select
        customer_values.*,
        observation.as_of_date,
        {{ days_between(
            'customer_values.first_purchase_date', 'observation.as_of_date'
        ) }} as tenure_days,
        {{ days_between(
            'customer_values.last_purchase_date', 'observation.as_of_date'
        ) }} as recency_days,
        customer_values.first_purchase_date
        < {{ add_days('observation.observation_start', var('burn_in_days')) }}
            as is_left_censored
    from {{ ref('int_customer_values') }} as customer_values
    cross join {{ ref('int_observation') }} as observation
),

customers as (
    select
        ---------- ids
        aged.customer_key,
        shop_ids.customer_id,
        aged.as_of_date,

        ---------- sequence
        aged.first_purchase_date,
        aged.last_purchase_date,
        aged.second_purchase_date,
        {{ period_start("'month'", 'aged.first_purchase_date') }} as cohort_month,
        aged.order_count,
        aged.purchase_count,

        ---------- money
        aged.gross_amount,
        aged.discount_amount,
        aged.refund_amount,
        aged.net_amount,
        {{ average_amount('aged.net_amount', 'aged.order_count') }}
            as average_order_value,
        aged.net_amount as historic_clv,

        ---------- a horizon that is not over has no value yet
        case when aged.tenure_days >= 30 then aged.net_amount_30d end as ltv_30d,
        case when aged.tenure_days >= 90 then aged.net_amount_90d end as ltv_90d,
        case when aged.tenure_days >= 180 then aged.net_amount_180d end as ltv_180d,
        case when aged.tenure_days >= 365 then aged.net_amount_365d end as ltv_365d,

        ---------- days
        aged.tenure_days,
        aged.recency_days,

        ---------- first order
        first_orders.channel as first_channel,
        first_orders.product_id as first_product_id,
        first_orders.category as first_category,
        first_orders.is_discounted as first_order_was_discounted,
        aged.is_left_censored
    from aged
    inner join {{ ref('int_first_orders') }} as first_orders
        on aged.customer_key = first_orders.customer_key
    left join {{ ref('int_customer_ids') }} as shop_ids
        on aged.customer_key = shop_ids.customer_key
)

select * from customers
