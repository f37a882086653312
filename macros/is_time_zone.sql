{% macro is_time_zone(text) -%}
    {#- One list for all engines: each knows some names that others do not. -#}
    {{ text }} in ('{{ modules.pytz.all_timezones | join("', '") }}')
{%- endmacro %}
