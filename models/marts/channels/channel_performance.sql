with

observation as (
    select as_of_date from {{ ref('int_observation') }}
),

sales as (
    select
        coalesce(channel, '(none)') as channel,
        count(*) as orders,
        count(distinct customer_key) as customers,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount
    from {{ ref('fct_orders') }}
    group by coalesce(channel, '(none)')
),

known as (
    select count(channel) as orders_with_channel from {{ ref('fct_orders') }}
),

customers as (
    select
        coalesce(customers.first_channel, '(none)') as channel,
        {{ add_days('customers.first_purchase_date', 90) }} <= observation.as_of_date
            as is_eligible,
        {{ days_between(
            'customers.first_purchase_date', 'customers.second_purchase_date'
        ) }} as days_to_second
    from {{ ref('fct_customers') }} as customers
    cross join observation
),

acquisitions as (
    select
        channel,
        count(*) as new_customers,
        count(*) filter (where is_eligible) as eligible_customers_90d,
        count(*) filter (where is_eligible and days_to_second <= 90)
            as repurchasers_90d
    from customers
    group by channel
),

counted as (
    select
        sales.channel,
        observation.as_of_date,
        sales.orders,
        sales.customers,
        coalesce(acquisitions.new_customers, 0) as new_customers,
        sales.net_amount,
        {{ average_amount('sales.net_amount', 'sales.orders') }} as average_order_value,
        coalesce(acquisitions.eligible_customers_90d, 0) as eligible_customers_90d,
        coalesce(acquisitions.repurchasers_90d, 0) as repurchasers_90d
    from sales
    left join acquisitions on sales.channel = acquisitions.channel
    cross join observation
    cross join known
    where known.orders_with_channel > 0
),

rated as (
    select
        *,
        {{ rate('repurchasers_90d', 'eligible_customers_90d') }}
            as repurchase_rate_90d,
        {{ wilson_low('repurchasers_90d', 'eligible_customers_90d') }} as ci_low,
        {{ wilson_high('repurchasers_90d', 'eligible_customers_90d') }} as ci_high
    from counted
)

select * from rated
