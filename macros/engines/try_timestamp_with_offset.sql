{% macro try_timestamp_with_offset(text) -%}
    {{ return(adapter.dispatch('try_timestamp_with_offset', 'repurchase')(text)) }}
{%- endmacro %}

{% macro default__try_timestamp_with_offset(text) -%}
    {#- The cast knows neither a blank before the offset nor UTC without one. -#}
    {%- set joined = repurchase.replace_matches(
        "replace(" ~ text ~ ", 'UTC', 'Z')", ' ?(Z|[-+][0-9:]+)$', '\\1'
    ) -%}
    timezone(
        'UTC',
        coalesce(
            try_cast({{ text }} as timestamptz), try_cast({{ joined }} as timestamptz)
        )
    )
{%- endmacro %}
