{{ incremental_by('customer_key', 'int_changed_customers') }}

with

days as (
    select distinct
        customer_key,
        purchase_number,
        order_date as purchase_date,
        product_key
    from {{ ref('int_order_products') }}
    where
        customer_key is not null
        and {{ is_touched() }}
),

sequenced as (
    select
        *,
        count(*) over (partition by customer_key, purchase_number) as products_of_day,
        row_number() over of_product = 1 as is_first_of_product,
        lead(purchase_date) over of_product as next_date_of_product
    from days
    window of_product as (partition by customer_key, product_key order by purchase_date)
)

select * from sequenced
