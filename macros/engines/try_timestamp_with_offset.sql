{% macro try_timestamp_with_offset(text) -%}
    {{ return(adapter.dispatch('try_timestamp_with_offset', 'repurchase')(text)) }}
{%- endmacro %}

{% macro default__try_timestamp_with_offset(text) -%}
    {#- The cast knows +08:00 and +08 but neither +0800 nor a blank before the sign. -#}
    {%- set with_colon = repurchase.replace_matches(
        text, ' ?([-+][0-9]{2})([0-9]{2})$', '\\1:\\2'
    ) -%}
    timezone(
        'UTC',
        try_cast(
            {{ repurchase.replace_matches(with_colon, ' ([-+][0-9:]+)$', '\\1') }}
            as timestamptz
        )
    )
{%- endmacro %}
