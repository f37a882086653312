{% macro sum_of_doubles(value) -%}
    {{ return(adapter.dispatch('repurchase_sum_of_doubles', 'repurchase')(value)) }}
{%- endmacro %}

{% macro default__repurchase_sum_of_doubles(value) -%}
    cast(sum(cast({{ value }} as decimal(38, 18))) as double)
{%- endmacro %}

{% macro postgres__repurchase_sum_of_doubles(value) -%}
    cast(sum(cast({{ value }} as numeric)) as double precision)
{%- endmacro %}
