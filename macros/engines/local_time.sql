{% macro local_time(utc, time_zone) -%}
    {{ return(adapter.dispatch('local_time', 'repurchase')(utc, time_zone)) }}
{%- endmacro %}

{% macro default__local_time(utc, time_zone) -%}
    timezone({{ time_zone }}, timezone('UTC', {{ utc }}))
{%- endmacro %}
