-- Every customer is new in exactly one period of each type, and all purchases are in the revenue.
{{ config(tags=['lifecycle']) }}

with

growth as (
    select
        period_type,
        sum(new) as customers,
        sum(revenue) as revenue
    from {{ ref('growth_accounting') }}
    group by period_type
),

shop as (
    select
        count(*) filter (where purchase_number = 1) as customers,
        sum(net_amount) as revenue
    from {{ ref('int_purchases') }}
)

select
    growth.period_type,
    growth.customers as new_customers,
    shop.customers,
    growth.revenue,
    shop.revenue as purchase_revenue
from shop
left join growth on true
where
    shop.customers > 0
    and (
        growth.customers is distinct from shop.customers
        or growth.revenue is distinct from shop.revenue
    )
