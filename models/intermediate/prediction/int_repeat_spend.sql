with

repeats as (
    select
        customer_key,
        count(*) as repeat_purchases,
        sum(net_amount) as repeat_amount
    from {{ ref('int_purchases') }}
    where purchase_number > 1
    group by customer_key
),

means as (
    select
        customer_key,
        repeat_purchases,
        {{ rate('repeat_amount', 'repeat_purchases') }} as repeat_spend
    from repeats
)

select * from means
