-- New, returning and guests add up to the day, and the money to its net; no day is missing, and
-- refunds by order date and by refund date have the same sum.
{{ config(tags=['value']) }}

with

days as (
    select
        *,
        lag(date_day) over (order by date_day) as day_before
    from {{ ref('calendar_revenue') }}
),

broken_days as (
    select date_day
    from days
    where
        orders <> new_customer_orders + returning_customer_orders + guest_orders
        or customers <> new_customers + returning_customers
        or new_customer_orders < new_customers
        or returning_customer_orders < returning_customers
        or net_amount_by_order_date
        <> gross_amount - discount_amount - refund_amount_by_order_date
        or net_amount_by_order_date
        <> new_customer_net_amount + returning_customer_net_amount + guest_net_amount
        or date_day > as_of_date
        or {{ days_between('day_before', 'date_day') }} <> 1
),

totals as (
    select
        max(date_day) as last_day,
        max(as_of_date) as as_of_date,
        sum(new_customers) as new_customers,
        sum(refund_amount_by_order_date) as by_order_date,
        sum(refund_amount_by_refund_date) as by_refund_date
    from days
)

select date_day as broken from broken_days
union all
select last_day as broken from totals
where
    last_day <> as_of_date
    or by_order_date <> by_refund_date
    or new_customers <> (select count(*) from {{ ref('fct_customers') }})
