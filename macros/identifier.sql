{% macro identifier(kind, value) -%}
    {#- A customer id holds within its shop; e-mail and phone across shops where the var
        says so. -#}
    {%- set is_shared = kind != 'customer_id' and var('link_customers_across_shops') -%}
    {%- set scope = "'*|*'" if is_shared else "connector || '|' || shop_id" -%}
    {{ scope }} || '|{{ kind }}|' || {{ value }}
{%- endmacro %}
