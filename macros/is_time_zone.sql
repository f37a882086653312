{% macro is_time_zone(text) -%}
    {#- One list for all engines: each knows some names that others do not. By region it is
        half as long; Spark's catalog holds views of 32,700 characters at most. -#}
    {%- set regions = {} -%}
    {%- for name in modules.pytz.all_timezones -%}
        {%- set region, slash, place = name.replace('+', '[+]').rpartition('/') -%}
        {%- do regions.setdefault(region ~ slash, []).append(place) -%}
    {%- endfor -%}
    {%- set names = [] -%}
    {%- for region, places in regions.items() -%}
        {%- do names.append(region ~ '(' ~ places | join('|') ~ ')') -%}
    {%- endfor -%}
    {{ repurchase.matches(text, '^(' ~ names | join('|') ~ ')$') }}
{%- endmacro %}
