{% macro get_assert_columns_equivalent(sql) -%}
    {#- dbt's own hook: the types of the yml in the engine's words. -#}
    {%- for column in model.columns.values() -%}
        {%- set type = repurchase.column_type(column.data_type) -%}
        {%- do column.update({'data_type': type}) -%}
    {%- endfor -%}
    {{ return(assert_columns_equivalent(sql)) }}
{%- endmacro %}
