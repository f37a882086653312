{#- dbt's own would send a parameter for each cell, which takes PostgreSQL ten times as
    long, and lose NULL on Spark. A JSON text, unlike a path, reaches every worker. -#}
{% macro spark__load_csv_rows(model, agate_table) -%}
    {%- set types = repurchase.seed_types(model, agate_table) -%}
    {%- for json in repurchase.seed_json(agate_table) -%}
        {%- set sql -%}
            insert into {{ this.render() }}
            select
                {%- for type in types.values() %}
                cast(cells[{{ loop.index0 }}] as {{ type }}){{ "," if not loop.last }}
                {%- endfor %}
            from (
                select explode(from_json(
                    '{{ json | replace("\\", "\\\\") | replace("'", "\\'") }}',
                    'array<array<string>>'
                )) as cells
            )
        {%- endset -%}
        {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
    {%- endfor -%}
    {{ return('-- rows as JSON') }}
{%- endmacro %}

{% macro postgres__load_csv_rows(model, agate_table) -%}
    {%- set types = repurchase.seed_types(model, agate_table) -%}
    {%- for json in repurchase.seed_json(agate_table) -%}
        {%- set sql -%}
            insert into {{ this.render() }}
            select
                {%- for type in types.values() %}
                cast(cells ->> {{ loop.index0 }} as {{ type }})
                    {{- "," if not loop.last }}
                {%- endfor %}
            from json_array_elements('{{ json | replace("'", "''") }}') as cells
        {%- endset -%}
        {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
    {%- endfor -%}
    {{ return('-- rows as JSON') }}
{%- endmacro %}
