with

-- A customer is active once in a period: on the purchase whose predecessor lies in an
-- earlier one.
events as (
    select
        first_purchase_date,
        purchase_date as event_date,
        purchase_number,
        orders,
        net_amount,
        {{ starts_period('week') }} as starts_week,
        {{ starts_period('month') }} as starts_month,
        {{ starts_period('quarter') }} as starts_quarter,
        {{ starts_period('30_days') }} as starts_age
    from {{ ref('int_purchases') }}
    union all
    select
        first_purchases.first_purchase_date,
        refunds.booked_date as event_date,
        null as purchase_number,
        0 as orders,
        -refunds.refund_amount as net_amount,
        false as starts_week,
        false as starts_month,
        false as starts_quarter,
        false as starts_age
    from {{ ref('int_refunds') }} as refunds
    inner join {{ ref('int_purchases') }} as first_purchases
        on
            refunds.customer_key = first_purchases.customer_key
            and first_purchases.purchase_number = 1
    where refunds.refund_of = 'customer'
),

days as (
    select
        first_purchase_date,
        event_date,
        count(*) filter (where purchase_number = 1) as new_customers,
        count(*) filter (where purchase_number = 2) as new_repurchasers,
        count(*) filter (where starts_week) as active_in_week,
        count(*) filter (where starts_month) as active_in_month,
        count(*) filter (where starts_quarter) as active_in_quarter,
        count(*) filter (where starts_age) as active_in_age,
        cast(sum(orders) as bigint) as orders,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount
    from events
    group by first_purchase_date, event_date
)

select * from days
