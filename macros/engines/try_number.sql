{% macro try_number(text, data_type) -%}
    {{ return(
        adapter.dispatch('repurchase_try_number', 'repurchase')(text, data_type)
    ) }}
{%- endmacro %}

{% macro default__repurchase_try_number(text, data_type) -%}
    try_cast({{ text }} as {{ data_type }})
{%- endmacro %}

{% macro postgres__repurchase_try_number(text, data_type) -%}
    {#- Letters other than an exponent's would be NaN or hexadecimal. The cast stands
        outside, so that the planner does not try it on a constant first. -#}
    cast(
        case
            when {{ text }} !~ '[a-df-zA-DF-Z]'
                and pg_input_is_valid({{ text }}, '{{ data_type }}')
                then {{ text }}
        end as {{ data_type }}
    )
{%- endmacro %}
