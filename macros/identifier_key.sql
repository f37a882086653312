{% macro identifier_key(kind, value) -%}
    {{ repurchase.hash_key(repurchase.identifier(kind, value)) }}
{%- endmacro %}
