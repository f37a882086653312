{% macro identifier_round(neighbours, before) -%}
select
    lowered.identifier_key,
    next_one.customer_key
from (
    select
        own.identifier_key,
        least(min(own.customer_key), min(linked.customer_key)) as customer_key
    from {{ neighbours }} as neighbours
    inner join {{ before }} as own on neighbours.identifier_key = own.identifier_key
    inner join {{ before }} as linked on neighbours.linked_key = linked.identifier_key
    group by own.identifier_key
) as lowered
inner join {{ before }} as next_one on lowered.customer_key = next_one.identifier_key
{%- endmacro %}
