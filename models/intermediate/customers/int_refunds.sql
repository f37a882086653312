with

refunds as (
    select *
    from {{ ref('int_refunds_checked') }}
    where row_status = 'accepted'
),

first_purchases as (
    select
        customer_key,
        first_purchase_date
    from {{ ref('int_purchases') }}
    where purchase_number = 1
),

attributed as (
    select
        refunds.refund_key,
        refunds.connector,
        refunds.shop_id,
        refunds.refund_id,
        refunds.order_key,
        case
            when refunds.order_key is null then first_purchases.customer_key
            else orders.customer_key
        end as customer_key,
        refunds.refund_date,
        case
            when refunds.order_key is not null then orders.order_date
            else greatest(refunds.refund_date, first_purchases.first_purchase_date)
        end as booked_date,
        refunds.currency,
        refunds.converted_amount as refund_amount,
        case
            when orders.is_purchase then 'purchase'
            when refunds.order_key is not null then 'excluded_order'
            when first_purchases.customer_key is not null then 'customer'
            else 'nobody'
        end as refund_of
    from refunds
    left join {{ ref('int_orders') }} as orders on refunds.order_key = orders.order_key
    left join {{ ref('int_identities') }} as identities
        on refunds.customer_id_key = identities.identifier_key
    left join first_purchases on identities.customer_key = first_purchases.customer_key
)

select * from attributed
