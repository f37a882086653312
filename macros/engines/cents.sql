{% macro cents(amount) -%}
    {{ return(adapter.dispatch('cents', 'repurchase')(amount)) }}
{%- endmacro %}

{% macro default__cents(amount) -%}
    {#- Wide enough that the product of two amounts fits. -#}
    cast(({{ amount }}) * 100 as hugeint)
{%- endmacro %}
