{#- dbt compares values as text, and PostgreSQL writes a decimal with as many zeros at
    its end as the expression gave it: they are cut off on both sides. -#}
{% macro postgres__get_unit_test_sql(main_sql, expected_sql, columns) -%}
    {%- set decimals = adapter.get_column_schema_from_query(
        get_empty_subquery_sql(main_sql)
    ) | selectattr('dtype', 'equalto', 'DECIMAL') | map(attribute='quoted') | list -%}
    {%- set trimmed = [] -%}
    {%- for column in columns -%}
        {%- do trimmed.append(
            'trim_scale(' ~ column ~ ') as ' ~ column if column in decimals else column
        ) -%}
    {%- endfor -%}
    {%- set trim = 'select ' ~ trimmed | join(', ') ~ ' from (' -%}
    {{ default__get_unit_test_sql(
        trim ~ main_sql ~ ') as actual', trim ~ expected_sql ~ ') as expected', columns
    ) }}
{%- endmacro %}
