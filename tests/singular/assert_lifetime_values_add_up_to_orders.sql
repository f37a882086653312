-- A customer's value to an age is that of the orders up to it less refunds without an order; it
-- is there from that age on, and never falls with age where nothing is worth less than nothing.
{{ config(tags=['value', 'core']) }}

with

amounts as (
    select
        customer_key,
        days_since_first_purchase as age_days,
        net_amount
    from {{ ref('fct_orders') }}
    where not is_guest
    union all
    select
        refunds.customer_key,
        {{ days_between('customers.first_purchase_date', 'refunds.booked_date') }}
            as age_days,
        -refunds.refund_amount as net_amount
    from {{ ref('fct_refunds') }} as refunds
    inner join {{ ref('fct_customers') }} as customers
        on refunds.customer_key = customers.customer_key
    where refunds.refund_of = 'customer'
),

summed as (
    select
        customer_key,
        min(net_amount) as least_amount,
        sum(net_amount) as net_amount,
        sum(case when age_days <= 30 then net_amount else 0 end) as to_30,
        sum(case when age_days <= 90 then net_amount else 0 end) as to_90,
        sum(case when age_days <= 180 then net_amount else 0 end) as to_180,
        sum(case when age_days <= 365 then net_amount else 0 end) as to_365
    from amounts
    group by customer_key
)

select
    customers.customer_key,
    customers.historic_clv,
    customers.ltv_30d,
    customers.ltv_90d,
    customers.ltv_180d,
    customers.ltv_365d
from {{ ref('fct_customers') }} as customers
left join summed on customers.customer_key = summed.customer_key
where
    customers.historic_clv is distinct from customers.net_amount
    or customers.historic_clv is distinct from summed.net_amount
    or customers.ltv_30d
    is distinct from case when customers.tenure_days >= 30 then summed.to_30 end
    or customers.ltv_90d
    is distinct from case when customers.tenure_days >= 90 then summed.to_90 end
    or customers.ltv_180d
    is distinct from case when customers.tenure_days >= 180 then summed.to_180 end
    or customers.ltv_365d
    is distinct from case when customers.tenure_days >= 365 then summed.to_365 end
    or (
        summed.least_amount >= 0
        and (
            customers.ltv_30d > customers.ltv_90d
            or customers.ltv_90d > customers.ltv_180d
            or customers.ltv_180d > customers.ltv_365d
            or customers.ltv_365d > customers.historic_clv
        )
    )
