{% macro utc_time(local, time_zone) -%}
    {{ return(adapter.dispatch('utc_time', 'repurchase')(local, time_zone)) }}
{%- endmacro %}

{% macro default__utc_time(local, time_zone) -%}
    timezone('UTC', timezone({{ time_zone }}, {{ local }}))
{%- endmacro %}
