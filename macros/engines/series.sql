{% macro series(start, stop) -%}
    {{ return(adapter.dispatch('repurchase_series', 'repurchase')(start, stop)) }}
{%- endmacro %}

{% macro default__repurchase_series(start, stop) -%}
    cast(unnest(generate_series({{ start }}, {{ stop }})) as bigint)
{%- endmacro %}

{% macro spark__repurchase_series(start, stop) -%}
    {#- A sequence counts down where its end is the smaller. -#}
    explode(
        case
            when {{ stop }} >= {{ start }}
                then sequence(cast({{ start }} as bigint), cast({{ stop }} as bigint))
        end
    )
{%- endmacro %}

{% macro postgres__repurchase_series(start, stop) -%}
    generate_series(cast({{ start }} as bigint), cast({{ stop }} as bigint))
{%- endmacro %}
