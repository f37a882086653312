-- Tenths hold all customers and all their money, a better one is never worth less per head,
-- shares end at 1, and where nobody is worth less than nothing 0 <= Gini < 1.
{{ config(tags=['value']) }}

with

customers as (
    select
        count(*) as customers,
        sum(net_amount) as net_amount,
        min(net_amount) as least_amount
    from {{ ref('fct_customers') }}
),

tenths as (
    select
        *,
        {{ rate('net_amount', 'customers') }} as per_customer
    from {{ ref('revenue_concentration') }}
),

steps as (
    select
        *,
        lag(per_customer) over (order by decile) as better
    from tenths
    where customers > 0
),

totals as (
    select
        count(*) as deciles,
        coalesce(sum(customers), 0) as customers,
        sum(net_amount) as net_amount,
        max(customers) - min(customers) as unevenness,
        max(case when decile = 10 then cumulative_share end) as last_share,
        sum(revenue_share) as shares,
        min(gini) as gini,
        max(gini) as highest_gini
    from tenths
)

select totals.*
from totals
cross join customers
where
    totals.deciles <> case when customers.customers > 0 then 10 else 0 end
    or totals.customers <> customers.customers
    or totals.net_amount <> customers.net_amount
    or totals.unevenness > 1
    or totals.gini <> totals.highest_gini
    or (totals.gini is null) <> coalesce(customers.net_amount <= 0, true)
    or (totals.last_share is null) <> coalesce(customers.net_amount <= 0, true)
    or abs(totals.last_share - 1) > 1e-9
    or abs(totals.shares - 1) > 1e-9
    or (customers.least_amount >= 0 and (totals.gini < -1e-9 or totals.gini >= 1))
    or exists (
        select 1 from steps
        where per_customer > better + 1e-9 * abs(better)
    )
