{% macro spark__load_csv_rows(model, agate_table) -%}
    {#- The rows go as one JSON text, which Spark parses far sooner than as many literals
        and which, unlike a path, every worker can read. -#}
    {%- set types = model['config'].get('column_types', {}) -%}
    {%- for chunk in agate_table.rows | batch(20000) -%}
        {%- set rows = [] -%}
        {%- for row in chunk -%}
            {%- set cells = [] -%}
            {%- for cell in row -%}
                {%- do cells.append(none if cell is none else cell | string) -%}
            {%- endfor -%}
            {%- do rows.append(cells) -%}
        {%- endfor -%}
        {%- set json = tojson(rows) | replace('\\', '\\\\') | replace("'", "\\'") -%}
        {%- set sql -%}
            insert into {{ this.render() }}
            select
                {%- for name in agate_table.column_names -%}
                {%- set inferred = adapter.convert_type(agate_table, loop.index0) -%}
                {%- set type = types.get(name, inferred) %}
                cast(cells[{{ loop.index0 }}] as
                    {{ 'string' if type == 'text' else type }}){{ "," if not loop.last }}
                {%- endfor %}
            from (
                select explode(from_json('{{ json }}', 'array<array<string>>')) as cells
            )
        {%- endset -%}
        {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
    {%- endfor -%}
    {{ return('-- rows as JSON') }}
{%- endmacro %}

{% macro postgres__load_csv_rows(model, agate_table) -%}
    {#- As one JSON text too: with a parameter for each cell dbt takes ten times as
        long. -#}
    {%- set types = model['config'].get('column_types', {}) -%}
    {%- for chunk in agate_table.rows | batch(20000) -%}
        {%- set rows = [] -%}
        {%- for row in chunk -%}
            {%- set cells = [] -%}
            {%- for cell in row -%}
                {%- do cells.append(none if cell is none else cell | string) -%}
            {%- endfor -%}
            {%- do rows.append(cells) -%}
        {%- endfor -%}
        {%- set sql -%}
            insert into {{ this.render() }}
            select
                {%- for name in agate_table.column_names -%}
                {%- set inferred = adapter.convert_type(agate_table, loop.index0) %}
                cast(cells ->> {{ loop.index0 }} as {{ types.get(name, inferred) }})
                    {{- "," if not loop.last }}
                {%- endfor %}
            from json_array_elements('{{ tojson(rows) | replace("'", "''") }}') as cells
        {%- endset -%}
        {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
    {%- endfor -%}
    {{ return('-- rows as JSON') }}
{%- endmacro %}
