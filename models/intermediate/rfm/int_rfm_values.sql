{% set days = var('rfm_lookback_days') %}
{% set lookback_start = add_days('as_of_date', 1 - days) if days else 'null' %}

with

observation as (
    select
        as_of_date,
        cast({{ lookback_start }} as date) as lookback_start
    from {{ ref('int_observation') }}
),

purchases as (
    select
        purchases.customer_key,
        max(purchases.purchase_date) as last_purchase_date,
        count(*) as frequency,
        sum(purchases.orders) as orders,
        sum(purchases.net_amount) as net_amount
    from {{ ref('int_purchases') }} as purchases
    cross join observation
    where
        observation.lookback_start is null
        or purchases.purchase_date >= observation.lookback_start
    group by purchases.customer_key
),

refunds_without_order as (
    select
        refunds.customer_key,
        sum(refunds.refund_amount) as refund_amount
    from {{ ref('int_refunds') }} as refunds
    cross join observation
    where
        refunds.refund_of = 'customer'
        and (
            observation.lookback_start is null
            or refunds.booked_date >= observation.lookback_start
        )
    group by refunds.customer_key
),

customer_values as (
    select
        purchases.customer_key,
        observation.as_of_date,
        {{ days_between('purchases.last_purchase_date', 'observation.as_of_date') }}
            as recency_days,
        purchases.frequency,
        cast(purchases.orders as bigint) as orders,
        cast(
            purchases.net_amount - coalesce(refunds_without_order.refund_amount, 0)
            as decimal(18, 2)
        ) as monetary
    from purchases
    left join refunds_without_order
        on purchases.customer_key = refunds_without_order.customer_key
    cross join observation
)

select * from customer_values
