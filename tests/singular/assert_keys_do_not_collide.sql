-- A key stands for one order, product, refund or identifier of a person only.
{{ config(tags=['core']) }}

{% for key, id, relation in [
    ('order_key', 'order_id', ref('int_orders_checked')),
    ('product_key', 'product_id', ref('int_order_items_checked')),
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
union all
{% endfor -%}
select
    'identifier_key' as key_name,
    identifier_key as key_value
from (
    {%- for relation in (ref('int_orders_unioned'), ref('int_customers_unioned')) %}
    {%- set is_last_relation = loop.last %}
    {%- for kind, column in [
        ('customer_id', 'customer_id'), ('email', 'email_hash'), ('phone', 'phone_hash')
    ] %}
    select
        {{ identifier_key(kind, column) }} as identifier_key,
        {{ identifier(kind, column) }} as identifier
    from {{ relation }}
    {%- if not (loop.last and is_last_relation) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}
) as identifiers
where identifier_key is not null
group by identifier_key
having min(identifier) <> max(identifier)
