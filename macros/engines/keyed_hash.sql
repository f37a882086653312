{% macro keyed_hash(text) -%}
    {{ return(adapter.dispatch('keyed_hash', 'repurchase')(text)) }}
{%- endmacro %}

{% macro default__keyed_hash(text) -%}
    sha256('{{ repurchase.identity_secret() }}:' || {{ text }})
{%- endmacro %}
