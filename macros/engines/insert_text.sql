{% macro insert_text(table, text) -%}
    {#- As a parameter: dbt writes statements to its log, and not their parameters. -#}
    {%- set sql = 'insert into ' ~ table ~ ' values (' ~ get_binding_char() ~ ')' -%}
    {{ return(
        adapter.dispatch('repurchase_insert_text', 'repurchase')(sql, text)
    ) }}
{%- endmacro %}

{% macro default__repurchase_insert_text(sql, text) -%}
    {%- do adapter.add_query(sql, auto_begin=False, bindings=[text]) -%}
{%- endmacro %}

{% macro postgres__repurchase_insert_text(sql, text) -%}
    {%- do adapter.add_query(sql, auto_begin=False, bindings=[text]) -%}
    {%- do run_query('commit') -%}
{%- endmacro %}

{% macro spark__repurchase_insert_text(sql, text) -%}
    {#- dbt-spark puts it between quotes as it is. -#}
    {%- set written = text | replace('\\', '\\\\') | replace("'", "\\'") -%}
    {%- do adapter.add_query(sql, auto_begin=False, bindings=[written]) -%}
{%- endmacro %}
