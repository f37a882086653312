with

sales as (
    select
        date_day,
        sum(orders) as orders,
        sum(customers) as customers,
        sum(customers) filter (where buyer_type = 'new') as new_customers,
        sum(customers) filter (where buyer_type = 'returning') as returning_customers,
        sum(orders) filter (where buyer_type = 'new') as new_customer_orders,
        sum(orders) filter (where buyer_type = 'returning')
            as returning_customer_orders,
        sum(orders) filter (where buyer_type = 'guest') as guest_orders,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(refund_amount) as refund_amount,
        sum(net_amount) as net_amount,
        sum(net_amount) filter (where buyer_type = 'new') as new_customer_net_amount,
        sum(net_amount) filter (where buyer_type = 'returning')
            as returning_customer_net_amount,
        sum(net_amount) filter (where buyer_type = 'guest') as guest_net_amount
    from {{ ref('int_revenue_days') }}
    group by date_day
),

-- A refund dated before the first day of the calendar stands on that day.
dated_refunds as (
    select
        greatest(refunds.refund_date, observation.first_day) as date_day,
        refunds.refund_amount
    from {{ ref('int_refunds') }} as refunds
    cross join {{ ref('int_observation') }} as observation
    where refunds.refund_of in ('purchase', 'customer')
),

refunds as (
    select
        date_day,
        sum(refund_amount) as refund_amount
    from dated_refunds
    group by date_day
),

days as (
    select
        dates.date_day,
        observation.as_of_date,
        {{ as_text("'" ~ var('reporting_currency') ~ "'") }} as currency,
        cast(coalesce(sales.orders, 0) as bigint) as orders,
        cast(coalesce(sales.customers, 0) as bigint) as customers,
        cast(coalesce(sales.new_customers, 0) as bigint) as new_customers,
        cast(coalesce(sales.returning_customers, 0) as bigint) as returning_customers,
        cast(coalesce(sales.new_customer_orders, 0) as bigint) as new_customer_orders,
        cast(coalesce(sales.returning_customer_orders, 0) as bigint)
            as returning_customer_orders,
        cast(coalesce(sales.guest_orders, 0) as bigint) as guest_orders,
        cast(coalesce(sales.gross_amount, 0) as decimal(18, 2)) as gross_amount,
        cast(coalesce(sales.discount_amount, 0) as decimal(18, 2)) as discount_amount,
        cast(coalesce(refunds.refund_amount, 0) as decimal(18, 2))
            as refund_amount_by_refund_date,
        cast(coalesce(sales.refund_amount, 0) as decimal(18, 2))
            as refund_amount_by_order_date,
        cast(coalesce(sales.net_amount, 0) as decimal(18, 2))
            as net_amount_by_order_date,
        cast(coalesce(sales.new_customer_net_amount, 0) as decimal(18, 2))
            as new_customer_net_amount,
        cast(coalesce(sales.returning_customer_net_amount, 0) as decimal(18, 2))
            as returning_customer_net_amount,
        cast(coalesce(sales.guest_net_amount, 0) as decimal(18, 2)) as guest_net_amount
    from {{ ref('int_dates') }} as dates
    cross join {{ ref('int_observation') }} as observation
    left join sales on dates.date_day = sales.date_day
    left join refunds on dates.date_day = refunds.date_day
)

select * from days
