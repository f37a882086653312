{% macro identifier_neighbours(links) -%}
    {#- Both ways, each pair once. -#}
    {%- set pairs = [
        ('customer_id_key', 'email_key'),
        ('customer_id_key', 'phone_key'),
        ('email_key', 'phone_key'),
    ] -%}
    {%- for one, other in pairs -%}
        {%- if not loop.first %}
union
{% endif -%}
select {{ one }} as identifier_key, {{ other }} as linked_key
from {{ links }}
where {{ one }} is not null and {{ other }} is not null
union
select {{ other }}, {{ one }}
from {{ links }}
where {{ one }} is not null and {{ other }} is not null
    {%- endfor -%}
{%- endmacro %}
