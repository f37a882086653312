{% macro arrival_date(connector) -%}
    {%- if var('as_of_by') == 'arrival' -%}
        {%- set own_zone = "'"
            ~ repurchase.setting(connector, 'time_zone', var('time_zone')) ~ "'" -%}
        {%- set zone = 'time_zone' if 'time_zone' in model.columns else own_zone -%}
        {%- set moment = repurchase.cast_as('updated_at', 'timestamp') -%}
        cast({{ repurchase.local_time(moment, zone) }} as date)
    {%- else -%}
        null
    {%- endif -%}
{%- endmacro %}
