-- What was before a return and what came after it are the customer's purchases and net amount, and
-- each purchase after a long gap is a return.
{{ config(tags=['lifecycle']) }}

with

returns as (
    select
        customer_key,
        order_date
    from {{ ref('fct_orders') }}
    where days_since_previous_purchase > {{ var('lapse_days') }}
    group by customer_key, order_date
)

select
    returns.customer_key,
    returns.order_date,
    reactivations.reactivated_on,
    customers.net_amount
from returns
full outer join {{ ref('reactivations') }} as reactivations
    on
        returns.customer_key = reactivations.customer_key
        and returns.order_date = reactivations.reactivated_on
left join {{ ref('fct_customers') }} as customers
    on reactivations.customer_key = customers.customer_key
where
    returns.customer_key is null
    or reactivations.purchases_before + reactivations.purchases_after
    is distinct from customers.purchase_count
    or reactivations.net_amount_before + reactivations.net_amount_after
    is distinct from customers.net_amount
