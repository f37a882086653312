-- One row: the days between which everything is observed. NULL where there are no orders.
with

orders as (
    select
        min(case when has_valid_status then order_date end) as first_order_date,
        max(order_date) as last_order_date
    from {{ ref('int_orders_checked') }}
    where row_status = 'accepted'
),

observation as (
    select
        coalesce({{ date_var('observation_start') }}, first_order_date) as observation_start,
        coalesce({{ date_var('as_of_date') }}, last_order_date) as as_of_date
    from orders
)

select * from observation
