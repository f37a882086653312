{% macro unit_test_sql(main_sql, expected_sql, columns, as_compared) -%}
    {%- set types = {} -%}
    {%- for column in adapter.get_column_schema_from_query(
        get_empty_subquery_sql(main_sql)
    ) -%}
        {%- do types.update({column.name: column.dtype}) -%}
    {%- endfor -%}
    {%- set compared = [] -%}
    {%- for column in columns -%}
        {%- set data_type = types[column | replace('`', '') | replace('"', '')] -%}
        {%- do compared.append(
            as_compared.get(data_type, '{}').format(column) ~ ' as ' ~ column
        ) -%}
    {%- endfor -%}
    {%- set selected = 'select ' ~ compared | join(', ') ~ ' from (' -%}
    {{ default__get_unit_test_sql(
        selected ~ main_sql ~ ') as actual',
        selected ~ expected_sql ~ ') as expected',
        columns,
    ) }}
{%- endmacro %}
