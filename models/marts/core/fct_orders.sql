{{ incremental_by('order_key', 'int_resequenced_orders') }}

with

purchases as (
    select
        customer_key,
        purchase_date,
        purchase_number,
        previous_purchase_date,
        first_purchase_date
    from {{ ref('int_purchases') }}
),

lines as (
    select
        order_key,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount
    from {{ ref('int_order_items_checked') }}
    where
        row_status = 'accepted'
        and {{ is_touched() }}
    group by order_key
),

-- Guests have no sequence.
numbers as (
    select
        order_key,
        cast(row_number() over (
            partition by customer_key
            order by order_date, ordered_at, order_key
        ) as bigint) as order_number
    from {{ ref('int_orders') }}
    where
        is_purchase
        and customer_key is not null
        and {{ is_touched() }}
),

orders as (
    select
        orders.*,
        orders.customer_key is null as is_guest,
        numbers.order_number,
        {{ warning_code() }} as warning_code
    from {{ ref('int_orders') }} as orders
    left join numbers on orders.order_key = numbers.order_key
    left join lines on orders.order_key = lines.order_key
    where
        orders.is_purchase
        and {{ is_touched('orders.order_key') }}
),

sequenced as (
    select
        ---------- ids
        orders.order_key,
        orders.connector,
        orders.shop_id,
        orders.order_id,
        orders.customer_key,
        orders.customer_id,
        orders.is_guest,

        ---------- sequence
        orders.order_date,
        orders.ordered_at,
        orders.order_hour,
        orders.order_number,
        purchases.purchase_number,
        coalesce(orders.order_number = 1, false) as is_first_order,
        coalesce(orders.order_number > 1, false) as is_repeat_order,
        {{ days_between('purchases.previous_purchase_date', 'orders.order_date') }}
            as days_since_previous_purchase,
        {{ days_between('purchases.first_purchase_date', 'orders.order_date') }}
            as days_since_first_purchase,

        ---------- attributes
        orders.channel,
        orders.coupon_code,
        orders.discount_amount > 0 as is_discounted,
        orders.country,
        orders.currency,

        ---------- money
        orders.gross_amount,
        orders.discount_amount,
        orders.refund_amount,
        cast(
            orders.gross_amount - orders.discount_amount - orders.refund_amount
            as decimal(18, 2)
        ) as net_amount,
        orders.tax_amount,
        orders.shipping_amount,

        ---------- source
        orders.status,
        orders.warning_code
    {%- for column in var('x_columns') %},
        orders.{{ column }}
        {%- endfor %}
    from orders
    left join purchases
        on
            orders.customer_key = purchases.customer_key
            and orders.order_date = purchases.purchase_date
)

select * from sequenced
