{% macro read_timestamp(column, connector, time_zone=none, naive_time=none) -%}
    {#- UTC. A time with an offset is exact, a date alone is a local day, the rest as
        the connector says. -#}
    {%- set time_zone = time_zone or "'" ~ var('time_zone') ~ "'" -%}
    {%- set naive_time = naive_time
        or repurchase.setting(connector, 'naive_time', 'utc') -%}
    {%- set date_order = repurchase.setting(connector, 'date_order', 'ymd') -%}
    {%- set written = repurchase.clean_text(column) -%}
    {%- set year_last = '^([0-9]{1,2})[-/]([0-9]{1,2})[-/]([0-9]{4})' -%}
    {%- set iso_dates = {
        'ymd': written,
        'mdy': repurchase.replace_matches(written, year_last, '\\3-\\1-\\2'),
        'dmy': repurchase.replace_matches(written, year_last, '\\3-\\2-\\1'),
    } -%}
    {%- if date_order not in iso_dates -%}
        {{ exceptions.raise_compiler_error(
            "date_order of connector " ~ connector ~ " is '" ~ date_order
            ~ "'; it must be ymd, mdy or dmy"
        ) }}
    {%- endif -%}
    {%- set text = "replace(" ~ iso_dates[date_order] ~ ", '/', '-')" -%}
    {%- set day = '^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}' -%}
    {%- set time = '[ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?' -%}
    {%- set offset = ' ?(Z|UTC|[-+][0-9]{2}(:?[0-9]{2})?)' -%}
    {%- set stated = repurchase.try_timestamp(text) -%}
    {%- set local = repurchase.utc_time(stated, time_zone) -%}
    case
        when {{ column }} is null then null
        when {{ repurchase.matches(text, day ~ time ~ offset ~ '$') }}
            then {{ repurchase.try_timestamp_with_offset(text) }}
        when {{ repurchase.matches(text, day ~ time ~ '$') }}
            then {{ stated if naive_time == 'utc' else local }}
        when {{ repurchase.matches(text, day ~ '$') }}
            then {{ local }}
    end
{%- endmacro %}
