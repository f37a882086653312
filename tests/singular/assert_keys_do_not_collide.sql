-- A key stands for one order, one product and one identifier only.
{{ config(tags=['core']) }}

select
    'order_key' as key_name,
    order_key as key_value
from {{ ref('int_orders_checked') }}
where order_key is not null
group by order_key
having
    min(connector) <> max(connector)
    or min(shop_id) <> max(shop_id)
    or min(order_id) <> max(order_id)
union all
select
    'product_key' as key_name,
    product_key as key_value
from {{ ref('int_order_items_checked') }}
where product_key is not null
group by product_key
having
    min(connector) <> max(connector)
    or min(shop_id) <> max(shop_id)
    or min(product_id) <> max(product_id)
union all
select
    'customer_id_key' as key_name,
    customer_id_key as key_value
from {{ ref('int_orders_checked') }}
where customer_id_key is not null
group by customer_id_key
having
    min(connector) <> max(connector)
    or min(shop_id) <> max(shop_id)
    or min(customer_id) <> max(customer_id)
union all
select
    'refund_key' as key_name,
    refund_key as key_value
from {{ ref('int_refunds_checked') }}
where refund_key is not null
group by refund_key
having
    min(connector) <> max(connector)
    or min(shop_id) <> max(shop_id)
    or min(refund_id) <> max(refund_id)
