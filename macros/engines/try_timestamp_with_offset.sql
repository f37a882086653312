{% macro try_timestamp_with_offset(text) -%}
    {{ return(
        adapter.dispatch('repurchase_try_timestamp_with_offset', 'repurchase')(text)
    ) }}
{%- endmacro %}

{% macro default__repurchase_try_timestamp_with_offset(text) -%}
    {#- The cast knows neither a blank before the offset nor UTC without one. -#}
    {%- set joined = repurchase.replace_matches(
        "replace(" ~ text ~ ", 'UTC', 'Z')", ' ?(Z|[-+][0-9:]+)$', '\\1'
    ) -%}
    make_timestamp(epoch_us(coalesce(
        try_cast({{ text }} as timestamptz), try_cast({{ joined }} as timestamptz)
    )))
{%- endmacro %}

{% macro spark__repurchase_try_timestamp_with_offset(text) -%}
    {#- The cast would leave out the offset: it is taken apart. -#}
    {%- set offset = ' ?(Z|UTC|[-+][0-9]{2}(:?[0-9]{2})?)$' -%}
    {%- set part = "regexp_extract(given, '([-+])([0-9]{2}):?([0-9]{2})?$', " -%}
    transform(array({{ text }}), given ->
        case
            when {{ repurchase.matches('given', '[0-9]' ~ offset) }} then
                {{ repurchase.try_timestamp(
                    repurchase.replace_matches('given', offset, '')
                ) }}
                - case when {{ part }}1) = '-' then -1 else 1 end
                * make_dt_interval(
                    0,
                    coalesce(cast(nullif({{ part }}2), '') as int), 0),
                    coalesce(cast(nullif({{ part }}3), '') as int), 0)
                )
        end
    )[0]
{%- endmacro %}

{% macro postgres__repurchase_try_timestamp_with_offset(text) -%}
    {#- The cast would refuse offsets above 15:59: they are subtracted here. -#}
    {%- set offset = ' ?(Z|UTC|[-+][0-9]{2}(:?[0-9]{2})?)$' -%}
    {%- set hours = "substring(" ~ text ~ ", '([-+][0-9]{2}):?[0-9]*$')" -%}
    {%- set minutes = "cast(" ~ repurchase.replace_matches(
        "substring(" ~ text ~ ", '[-+][0-9]{2}:?[0-9]{2}$')",
        '^([-+])[0-9]{2}:?', '\\1'
    ) ~ " as int)" -%}
    case
        when {{ repurchase.matches(text, '[ T][0-9]{1,2}:[0-9:.]*' ~ offset) }} then
            {{ repurchase.try_timestamp(
                repurchase.replace_matches(text, offset, '')
            ) }} - make_interval(
                hours => coalesce(cast({{ hours }} as int), 0),
                mins => coalesce({{ minutes }}, 0)
            )
    end
{%- endmacro %}
