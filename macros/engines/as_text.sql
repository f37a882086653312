{% macro as_text(value) -%}
    {{ return(adapter.dispatch('repurchase_as_text', 'repurchase')(value)) }}
{%- endmacro %}

{% macro default__repurchase_as_text(value) -%}
    cast({{ value }} as {{ dbt.type_string() }})
{%- endmacro %}

{% macro postgres__repurchase_as_text(value) -%}
    {#- Whatever the database's locale: order by code point, Unicode letter case. -#}
    (cast({{ value }} as text) collate "pg_c_utf8")
{%- endmacro %}
