{% macro hash_key(text) -%}
    {{ return(adapter.dispatch('hash_key', 'repurchase')(text)) }}
{%- endmacro %}

{% macro default__hash_key(text) -%}
    cast('0x' || substr(md5({{ text }}), 1, 15) as bigint)
{%- endmacro %}
