{% macro is_time_zone(text) -%}
    {{ return(adapter.dispatch('repurchase_is_time_zone', 'repurchase')(text)) }}
{%- endmacro %}

{#- One list for all engines: each knows some names that others do not. -#}
{% macro default__repurchase_is_time_zone(text) -%}
    {{ text }} in ('{{ modules.pytz.all_timezones | join("', '") }}')
{%- endmacro %}

{% macro spark__repurchase_is_time_zone(text) -%}
    {#- Half as long by region: a view in Spark's own catalog may have 32,700 characters.
        PostgreSQL would take a thousand times as long for such a pattern. -#}
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
