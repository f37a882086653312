{% macro try_timestamp(text) -%}
    {{ return(adapter.dispatch('repurchase_try_timestamp', 'repurchase')(text)) }}
{%- endmacro %}

{% macro default__repurchase_try_timestamp(text) -%}
    try_cast({{ text }} as timestamp)
{%- endmacro %}

{% macro spark__repurchase_try_timestamp(text) -%}
    {#- The cast does not know 24:00. The lambda names the text once. -#}
    {%- set midnight = repurchase.replace_matches(
        'written', '([ T])24:', '\\1' ~ '00:'
    ) -%}
    transform(array({{ text }}), written ->
        case
            when {{ repurchase.matches('written', '[ T]24:00(:00([.]0+)?)?$') }}
                then try_cast({{ midnight }} as timestamp_ntz) + interval 1 day
            else try_cast(written as timestamp_ntz)
        end
    )[0]
{%- endmacro %}

{% macro postgres__repurchase_try_timestamp(text) -%}
    {#- PostgreSQL also reads words such as now and a 60th second, rounds a seventh
        decimal, and calls the year before 0001 by another name. -#}
    {%- set iso = '^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}'
        ~ '([ T][0-9]{1,2}:[0-9]{2}(:[0-5][0-9]([.][0-9]+)?)?)?$' -%}
    {%- set with_era = repurchase.replace_matches(
        text, '^0000-(.*)$', '0001-\\1 BC'
    ) -%}
    cast(
        case
            when {{ repurchase.matches(text, iso) }}
                and pg_input_is_valid({{ with_era }}, 'timestamp')
                then {{ repurchase.replace_matches(
                    with_era, '([.][0-9]{6})[0-9]+', '\\1'
                ) }}
        end as timestamp
    )
{%- endmacro %}
