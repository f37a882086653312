{{ incremental_by('customer_key', 'int_changed_customers') }}

with

purchases as (
    select
        customer_key,
        order_date as purchase_date,
        count(*) as orders,
        cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
        cast(sum(discount_amount) as decimal(18, 2)) as discount_amount,
        cast(sum(refund_amount) as decimal(18, 2)) as refund_amount
    from {{ ref('int_orders') }}
    where
        is_purchase
        and customer_key is not null
        and {{ is_touched() }}
    group by customer_key, order_date
),

sequenced as (
    select
        *,
        gross_amount - discount_amount - refund_amount as net_amount,
        cast(row_number() over in_sequence as bigint) as purchase_number,
        lag(purchase_date) over in_sequence as previous_purchase_date,
        lead(purchase_date) over in_sequence as next_purchase_date,
        min(purchase_date) over in_sequence as first_purchase_date
    from purchases
    window in_sequence as (partition by customer_key order by purchase_date)
)

select * from sequenced
