{{ incremental_by('customer_key', 'int_changed_customers') }}

with

product_days as (
    select
        customer_key,
        purchase_number,
        product_key
    from {{ ref('int_product_days') }}
    where
        products_of_day <= {{ var('affinity_maximum_products') }}
        and {{ is_touched() }}
),

days as (
    select distinct
        customer_key,
        purchase_number
    from product_days
),

steps as (
    select
        days.customer_key,
        days.purchase_number as step_number
    from days
    inner join days as next_days
        on
            days.customer_key = next_days.customer_key
            and days.purchase_number + 1 = next_days.purchase_number
),

step_products as (
    select
        steps.customer_key,
        steps.step_number,
        'from' as side,
        product_days.product_key
    from steps
    inner join product_days
        on
            steps.customer_key = product_days.customer_key
            and steps.step_number = product_days.purchase_number
    union all
    select
        steps.customer_key,
        steps.step_number,
        'to',
        product_days.product_key
    from steps
    inner join product_days
        on
            steps.customer_key = product_days.customer_key
            and steps.step_number + 1 = product_days.purchase_number
)

select * from step_products
