{% macro try_number(text, data_type) -%}
    {{ return(adapter.dispatch('try_number', 'repurchase')(text, data_type)) }}
{%- endmacro %}

{% macro default__try_number(text, data_type) -%}
    try_cast({{ text }} as {{ data_type }})
{%- endmacro %}
