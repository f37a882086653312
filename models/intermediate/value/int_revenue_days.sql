with

sales as (
    select
        purchase_date as date_day,
        case when purchase_number = 1 then 'new' else 'returning' end as buyer_type,
        1 as customers,
        orders,
        gross_amount,
        discount_amount,
        refund_amount
    from {{ ref('int_purchases') }}
    union all
    select
        order_date as date_day,
        'guest' as buyer_type,
        0 as customers,
        1 as orders,
        gross_amount,
        discount_amount,
        refund_amount
    from {{ ref('fct_orders') }}
    where is_guest
    union all
    select
        refunds.booked_date as date_day,
        case
            when refunds.booked_date = first_purchases.purchase_date then 'new'
            else 'returning'
        end as buyer_type,
        0 as customers,
        0 as orders,
        0 as gross_amount,
        0 as discount_amount,
        refunds.refund_amount
    from {{ ref('int_refunds') }} as refunds
    inner join {{ ref('int_purchases') }} as first_purchases
        on
            refunds.customer_key = first_purchases.customer_key
            and first_purchases.purchase_number = 1
    where refunds.refund_of = 'customer'
),

days as (
    select
        date_day,
        buyer_type,
        cast(sum(customers) as bigint) as customers,
        cast(sum(orders) as bigint) as orders,
        cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
        cast(sum(discount_amount) as decimal(18, 2)) as discount_amount,
        cast(sum(refund_amount) as decimal(18, 2)) as refund_amount,
        cast(sum(gross_amount - discount_amount - refund_amount) as decimal(18, 2))
            as net_amount
    from sales
    group by date_day, buyer_type
)

select * from days
