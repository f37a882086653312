{% macro sum_in_order(value) -%}
    {{ return(adapter.dispatch('repurchase_sum_in_order', 'repurchase')(value)) }}
{%- endmacro %}

{% macro default__repurchase_sum_in_order(value) -%}
    {{ repurchase.sum_of_doubles(value) }}
{%- endmacro %}

{% macro postgres__repurchase_sum_in_order(value) -%}
    sum({{ value }})
{%- endmacro %}

{% macro spark__repurchase_sum_in_order(value) -%}
    sum({{ value }})
{%- endmacro %}
