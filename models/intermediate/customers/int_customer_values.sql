{{ incremental_by('customer_key', 'int_touched_customers') }}

with

purchases as (
    select *
    from {{ ref('int_purchases') }}
    where {{ is_touched() }}
),

amounts as (
    select
        customer_key,
        first_purchase_date,
        purchase_date as booked_date,
        purchase_date,
        purchase_number,
        orders,
        gross_amount,
        discount_amount,
        refund_amount,
        net_amount,
        0 as refund_without_order_amount
    from purchases
    union all
    select
        refunds.customer_key,
        first_purchases.first_purchase_date,
        refunds.booked_date,
        null as purchase_date,
        null as purchase_number,
        0 as orders,
        0 as gross_amount,
        0 as discount_amount,
        refunds.refund_amount,
        -refunds.refund_amount as net_amount,
        refunds.refund_amount as refund_without_order_amount
    from {{ ref('int_refunds') }} as refunds
    inner join purchases as first_purchases
        on
            refunds.customer_key = first_purchases.customer_key
            and first_purchases.purchase_number = 1
    where refunds.refund_of = 'customer'
),

aged as (
    select
        *,
        {{ days_between('first_purchase_date', 'booked_date') }} as age_days
    from amounts
),

summed as (
    select
        customer_key,
        min(purchase_date) as first_purchase_date,
        max(purchase_date) as last_purchase_date,
        max(case when purchase_number = 2 then purchase_date end)
            as second_purchase_date,
        sum(orders) as order_count,
        count(purchase_number) as purchase_count,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(refund_amount) as refund_amount,
        sum(refund_without_order_amount) as refund_without_order_amount,
        sum(net_amount) as net_amount,
        sum(net_amount) filter (where age_days <= 30) as net_amount_30d,
        sum(net_amount) filter (where age_days <= 90) as net_amount_90d,
        sum(net_amount) filter (where age_days <= 180) as net_amount_180d,
        sum(net_amount) filter (where age_days <= 365) as net_amount_365d
    from aged
    group by customer_key
),

typed as (
    select
        customer_key,
        first_purchase_date,
        last_purchase_date,
        second_purchase_date,
        cast(order_count as bigint) as order_count,
        purchase_count,
        cast(gross_amount as decimal(18, 2)) as gross_amount,
        cast(discount_amount as decimal(18, 2)) as discount_amount,
        cast(refund_amount as decimal(18, 2)) as refund_amount,
        cast(refund_without_order_amount as decimal(18, 2))
            as refund_without_order_amount,
        cast(net_amount as decimal(18, 2)) as net_amount,
        cast(net_amount_30d as decimal(18, 2)) as net_amount_30d,
        cast(net_amount_90d as decimal(18, 2)) as net_amount_90d,
        cast(net_amount_180d as decimal(18, 2)) as net_amount_180d,
        cast(net_amount_365d as decimal(18, 2)) as net_amount_365d
    from summed
)

select * from typed
