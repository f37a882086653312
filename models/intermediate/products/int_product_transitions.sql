with

-- A transition is in no more steps than either of its products.
frequent_products as (
    select
        side,
        product_key,
        count(*) as steps
    from {{ ref('int_product_steps') }}
    group by side, product_key
    having count(*) >= {{ var('affinity_minimum_together') }}
),

frequent_steps as (
    select
        step_products.customer_key,
        step_products.step_number,
        step_products.side,
        step_products.product_key,
        frequent_products.steps
    from {{ ref('int_product_steps') }} as step_products
    inner join frequent_products
        on
            step_products.side = frequent_products.side
            and step_products.product_key = frequent_products.product_key
),

transitions as (
    select
        earlier.product_key as product_from,
        later.product_key as product_to,
        earlier.steps as steps_from,
        later.steps as steps_to,
        count(*) as transitions
    from frequent_steps as earlier
    inner join frequent_steps as later
        on
            earlier.customer_key = later.customer_key
            and earlier.step_number = later.step_number
    where earlier.side = 'from' and later.side = 'to'
    group by
        earlier.product_key,
        later.product_key,
        earlier.steps,
        later.steps
    having count(*) >= {{ var('affinity_minimum_together') }}
)

select * from transitions
