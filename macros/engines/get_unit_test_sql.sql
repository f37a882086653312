{#- dbt compares values as text. PostgreSQL writes a decimal with as many zeros at its
    end as the expression gave it: they are cut off on both sides. Java's logarithms and
    roots differ from C's in the last digit: Spark's floats are rounded on both. -#}
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

{% macro spark__get_unit_test_sql(main_sql, expected_sql, columns) -%}
    {%- set floats = adapter.get_column_schema_from_query(
        get_empty_subquery_sql(main_sql)
    ) | selectattr('dtype', 'equalto', 'double') | map(attribute='name') | list -%}
    {%- set rounded = [] -%}
    {%- for column in columns -%}
        {%- do rounded.append(
            'round(' ~ column ~ ', 12) as ' ~ column
            if column | replace('`', '') in floats else column
        ) -%}
    {%- endfor -%}
    {%- set round = 'select ' ~ rounded | join(', ') ~ ' from (' -%}
    {{ default__get_unit_test_sql(
        round ~ main_sql ~ ') as actual', round ~ expected_sql ~ ') as expected',
        columns
    ) }}
{%- endmacro %}
