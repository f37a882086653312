{% macro utc_time(local, time_zone) -%}
    {{ return(
        adapter.dispatch('repurchase_utc_time', 'repurchase')(local, time_zone)
    ) }}
{%- endmacro %}

{% macro default__repurchase_utc_time(local, time_zone) -%}
    timezone('UTC', timezone({{ time_zone }}, {{ local }}))
{%- endmacro %}

{% macro spark__repurchase_utc_time(local, time_zone) -%}
    {#- Of an hour that the clocks repeat, Spark takes the first and the others the
        second: the offset of three hours later is tried. The lambda names the time
        once. -#}
    {%- set first = "convert_timezone(" ~ time_zone ~ ", 'UTC', moment)" -%}
    {%- set second = first | replace('moment', 'moment + interval 3 hours')
        ~ ' - interval 3 hours' -%}
    transform(array({{ local }}), moment ->
        case
            when {{ repurchase.local_time(second, time_zone) }} = moment
                then {{ second }}
            else {{ first }}
        end
    )[0]
{%- endmacro %}
