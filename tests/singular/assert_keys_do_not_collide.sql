-- A key stands for one order, one product and one identifier only.
{{ config(tags=['core']) }}

{% for key, id, relation in [
    ('order_key', 'order_id', ref('int_orders_checked')),
    ('product_key', 'product_id', ref('int_order_items_checked')),
    ('customer_id_key', 'customer_id', ref('int_orders_checked')),
    ('refund_key', 'refund_id', ref('int_refunds_checked')),
] -%}
select
    '{{ key }}' as key_name,
    {{ key }} as key_value
from {{ relation }}
where {{ key }} is not null
group by {{ key }}
having
    min(connector) <> max(connector)
    or min(shop_id) <> max(shop_id)
    or min({{ id }}) <> max({{ id }})
{% if not loop.last %}union all
{% endif -%}
{% endfor %}
