with

known as (
    select
        origins.origin_date,
        purchases.customer_key,
        purchases.purchase_date,
        purchases.net_amount,
        1 as purchase_days
    from {{ ref('int_purchases') }} as purchases
    inner join {{ ref('int_prediction_origins') }} as origins
        on purchases.purchase_date <= origins.origin_date
    union all
    select
        origin_date,
        customer_key,
        purchase_date,
        net_amount,
        purchase_days
    from {{ ref('int_later_refunds') }}
),

sums as (
    select
        origin_date,
        customer_key,
        min(purchase_date) as first_purchase_date,
        max(purchase_date) as last_purchase_date,
        cast(sum(purchase_days) as bigint) as purchases,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        cast(coalesce(
            sum(purchase_days) filter (
                where purchase_date > {{ add_days('origin_date', -90) }}
            ), 0
        ) as bigint) as purchases_in_90d
    from known
    group by origin_date, customer_key
),

described as (
    select
        origin_date,
        customer_key,
        purchases - 1 as repeat_purchases,
        {{ days_between('first_purchase_date', 'last_purchase_date') }} as recency_days,
        {{ days_between('first_purchase_date', 'origin_date') }} as age_days,
        net_amount,
        purchases_in_90d
    from sums
)

select * from described
