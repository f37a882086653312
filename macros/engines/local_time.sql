{% macro local_time(utc, time_zone) -%}
    {{ return(
        adapter.dispatch('repurchase_local_time', 'repurchase')(utc, time_zone)
    ) }}
{%- endmacro %}

{% macro default__repurchase_local_time(utc, time_zone) -%}
    timezone({{ time_zone }}, timezone('UTC', {{ utc }}))
{%- endmacro %}

{% macro duckdb__repurchase_local_time(utc, time_zone) -%}
    {#- timezone('UTC', ...) says the same and looks up the zone for every row. -#}
    timezone({{ time_zone }}, make_timestamptz(epoch_us({{ utc }})))
{%- endmacro %}

{% macro spark__repurchase_local_time(utc, time_zone) -%}
    convert_timezone('UTC', {{ time_zone }}, {{ utc }})
{%- endmacro %}
