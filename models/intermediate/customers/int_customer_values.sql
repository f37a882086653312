with

amounts as (
    select
        customer_key,
        first_purchase_date,
        purchase_date as booked_date,
        net_amount,
        0 as refund_amount
    from {{ ref('int_purchases') }}
    union all
    select
        refunds.customer_key,
        first_purchases.purchase_date as first_purchase_date,
        refunds.booked_date,
        -refunds.refund_amount as net_amount,
        refunds.refund_amount
    from {{ ref('int_refunds') }} as refunds
    inner join {{ ref('int_purchases') }} as first_purchases
        on
            refunds.customer_key = first_purchases.customer_key
            and first_purchases.purchase_number = 1
    where refunds.refund_of = 'customer'
),

aged as (
    select
        amounts.customer_key,
        amounts.net_amount,
        amounts.refund_amount,
        {{ days_between('amounts.first_purchase_date', 'amounts.booked_date') }}
            as age_days,
        {{ days_between('amounts.first_purchase_date', 'observation.as_of_date') }}
            as tenure_days
    from amounts
    cross join {{ ref('int_observation') }} as observation
),

-- A horizon that is not over has no value yet.
summed as (
    select
        customer_key,
        sum(refund_amount) as refund_without_order_amount,
        sum(net_amount) as historic_clv,
        sum(net_amount) filter (where age_days <= 30 and tenure_days >= 30) as ltv_30d,
        sum(net_amount) filter (where age_days <= 90 and tenure_days >= 90) as ltv_90d,
        sum(net_amount) filter (where age_days <= 180 and tenure_days >= 180)
            as ltv_180d,
        sum(net_amount) filter (where age_days <= 365 and tenure_days >= 365)
            as ltv_365d
    from aged
    group by customer_key
),

typed as (
    select
        customer_key,
        cast(refund_without_order_amount as decimal(18, 2))
            as refund_without_order_amount,
        cast(historic_clv as decimal(18, 2)) as historic_clv,
        cast(ltv_30d as decimal(18, 2)) as ltv_30d,
        cast(ltv_90d as decimal(18, 2)) as ltv_90d,
        cast(ltv_180d as decimal(18, 2)) as ltv_180d,
        cast(ltv_365d as decimal(18, 2)) as ltv_365d
    from summed
)

select * from typed
