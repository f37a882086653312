{% macro is_time_zone(text) -%}
    {{ return(adapter.dispatch('is_time_zone', 'repurchase')(text)) }}
{%- endmacro %}

{% macro default__is_time_zone(text) -%}
    {{ text }} in (select zones.name from pg_timezone_names() as zones)
{%- endmacro %}
