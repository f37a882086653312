{% macro shop_key(id) -%}
    {{ repurchase.hash_key("connector || '|' || shop_id || '|' || " ~ id) }}
{%- endmacro %}
