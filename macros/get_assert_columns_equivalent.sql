{% macro get_assert_columns_equivalent(sql) -%}
    {#- dbt's own hook: the types of the yml in the engine's words. -#}
    {%- for column in model.columns.values() -%}
        {%- do column.update({'data_type': repurchase.column_type(column.data_type)}) -%}
    {%- endfor -%}
    {{ return(assert_columns_equivalent(sql)) }}
{%- endmacro %}
