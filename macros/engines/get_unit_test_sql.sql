{#- dbt compares values as text. PostgreSQL writes a decimal with as many zeros at its
    end as the expression gave it: they are cut off on both sides. Logarithms and roots
    differ in the last digit between engines, and a formula from the same by hand: floats
    are rounded on both. -#}
{% macro duckdb__get_unit_test_sql(main_sql, expected_sql, columns) -%}
    {%- set rounded = 'round({}, 12)' -%}
    {{ repurchase.unit_test_sql(main_sql, expected_sql, columns, {'DOUBLE': rounded}) }}
{%- endmacro %}

{% macro postgres__get_unit_test_sql(main_sql, expected_sql, columns) -%}
    {{ repurchase.unit_test_sql(main_sql, expected_sql, columns, {
        'DECIMAL': 'trim_scale({})',
        'FLOAT': 'trim_scale(round(cast({} as numeric), 12))',
    }) }}
{%- endmacro %}

{% macro spark__get_unit_test_sql(main_sql, expected_sql, columns) -%}
    {%- set rounded = 'round({}, 12)' -%}
    {{ repurchase.unit_test_sql(main_sql, expected_sql, columns, {'double': rounded}) }}
{%- endmacro %}
