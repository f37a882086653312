-- Every customer has one profile, whose dates, value and preferences are the customer's own.
{{ config(tags=['profile']) }}

with

preferences as (
    select
        profiles.customer_key,
        count(*) filter (where orders.channel = profiles.preferred_channel)
            as orders_in_channel,
        count(orders.channel) as orders_with_channel
    from {{ ref('customer_profiles') }} as profiles
    inner join {{ ref('fct_orders') }} as orders
        on profiles.customer_key = orders.customer_key
    group by profiles.customer_key
)

select
    customers.customer_key,
    profiles.last_purchase_date,
    profiles.expected_next_purchase_date,
    profiles.risk
from {{ ref('fct_customers') }} as customers
full outer join {{ ref('customer_profiles') }} as profiles
    on customers.customer_key = profiles.customer_key
left join preferences on customers.customer_key = preferences.customer_key
where
    profiles.last_purchase_date is distinct from customers.last_purchase_date
    or profiles.historic_clv is distinct from customers.historic_clv
    or profiles.expected_next_purchase_date < profiles.last_purchase_date
    or (profiles.expected_next_purchase_date is null) <> (profiles.cycle_days is null)
    or (preferences.orders_in_channel = 0 and preferences.orders_with_channel > 0)
    or profiles.discounted_orders > profiles.order_count
    or profiles.reactivations >= profiles.purchase_count
    or (profiles.risk = 'high')
    <> (profiles.is_churned_fixed or coalesce(profiles.is_churned_cycle, false))
