{% macro try_timestamp(text) -%}
    {{ return(adapter.dispatch('try_timestamp', 'repurchase')(text)) }}
{%- endmacro %}

{% macro default__try_timestamp(text) -%}
    try_cast({{ text }} as timestamp)
{%- endmacro %}
