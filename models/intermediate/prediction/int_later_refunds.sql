-- At an origin nobody knew what would be given back after it.
with

refunds as (
    select
        origins.origin_date,
        refunds.order_key,
        sum(refunds.refund_amount) as refunded_in_order_currency,
        sum(refunds.converted_amount) as refund_amount
    from {{ ref('int_refunds_checked') }} as refunds
    inner join {{ ref('int_prediction_origins') }} as origins
        on refunds.refund_date > origins.origin_date
    where refunds.row_status = 'accepted' and refunds.order_key is not null
    group by origins.origin_date, refunds.order_key
),

orders as (
    select
        refunds.origin_date,
        orders.customer_key,
        orders.order_date,
        orders.is_purchase,
        orders.original_gross_amount - orders.original_discount_amount as paid,
        orders.refunded_in_order_currency - refunds.refunded_in_order_currency
            as refunded,
        orders.gross_amount - orders.discount_amount - orders.refund_amount
            as net_amount,
        refunds.refund_amount
    from refunds
    inner join {{ ref('int_orders') }} as orders
        on
            refunds.order_key = orders.order_key
            and refunds.origin_date >= orders.order_date
    where orders.has_valid_status and orders.customer_key is not null
),

-- A full refund undid the purchase; before it, the whole of the order was one.
days as (
    select
        origin_date,
        customer_key,
        order_date as purchase_date,
        sum(refund_amount + case when is_purchase then 0 else net_amount end)
            as net_amount
    from orders
    where refunded = 0 or refunded < paid
    group by origin_date, customer_key, order_date
),

known as (
    select
        days.*,
        case when purchases.customer_key is null then 1 else 0 end as purchase_days
    from days
    left join {{ ref('int_purchases') }} as purchases
        on
            days.customer_key = purchases.customer_key
            and days.purchase_date = purchases.purchase_date
)

select * from known
