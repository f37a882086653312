{% macro identifier_round(neighbours, before) -%}
{%- set seen -%}
from {{ neighbours }} as neighbours
inner join {{ before }} as own on neighbours.identifier_key = own.identifier_key
inner join {{ before }} as linked on neighbours.linked_key = linked.identifier_key
{%- endset -%}
{#- What an identifier sees, the key it had so far sees too: groups join whole. -#}
select
    lowered.identifier_key,
    next_one.customer_key
from (
    select
        identifier_key,
        min(customer_key) as customer_key
    from (
        select identifier_key, customer_key from {{ before }}
        union all
        select own.identifier_key, linked.customer_key
        {{ seen }}
        union all
        select own.customer_key, linked.customer_key
        {{ seen }}
    ) as offers
    group by identifier_key
) as lowered
inner join {{ before }} as next_one on lowered.customer_key = next_one.identifier_key
{%- endmacro %}
