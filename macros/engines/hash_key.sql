{% macro hash_key(text) -%}
    {{ return(adapter.dispatch('repurchase_hash_key', 'repurchase')(text)) }}
{%- endmacro %}

{% macro default__repurchase_hash_key(text) -%}
    cast('0x' || substr(md5({{ text }}), 1, 15) as bigint)
{%- endmacro %}

{% macro spark__repurchase_hash_key(text) -%}
    cast(conv(substr(md5({{ text }}), 1, 15), 16, 10) as bigint)
{%- endmacro %}
