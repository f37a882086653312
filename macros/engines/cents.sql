{% macro cents(amount) -%}
    {{ return(adapter.dispatch('repurchase_cents', 'repurchase')(amount)) }}
{%- endmacro %}

{% macro default__repurchase_cents(amount) -%}
    {#- Wide enough that the product of two amounts fits. -#}
    cast(cast({{ amount }} as decimal(38, 2)) * 100 as hugeint)
{%- endmacro %}

{% macro spark__repurchase_cents(amount) -%}
    cast(({{ amount }}) * 100 as decimal(38, 0))
{%- endmacro %}

{% macro postgres__repurchase_cents(amount) -%}
    cast(({{ amount }}) * 100 as numeric(38, 0))
{%- endmacro %}
