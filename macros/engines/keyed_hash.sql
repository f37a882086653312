{% macro keyed_hash(text) -%}
    {{ return(adapter.dispatch('repurchase_keyed_hash', 'repurchase')(text)) }}
{%- endmacro %}

{% macro default__repurchase_keyed_hash(text) -%}
    sha256({{ repurchase.identity_secret() }} || ':' || {{ text }})
{%- endmacro %}

{% macro spark__repurchase_keyed_hash(text) -%}
    sha2({{ repurchase.identity_secret() }} || ':' || {{ text }}, 256)
{%- endmacro %}

{% macro postgres__repurchase_keyed_hash(text) -%}
    encode(
        sha256(
            convert_to({{ repurchase.identity_secret() }} || ':' || {{ text }}, 'UTF8')
        ),
        'hex'
    )
{%- endmacro %}
