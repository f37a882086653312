{% macro changed_files() -%}
    {%- set now = repurchase.loaded_files() -%}
    {%- set before = repurchase.kept('int_read_files') -%}
    {%- if not now or not before -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set query -%}
        select source_file from ({{ now }} except select * from {{ before }}) as added
        union
        select source_file from (select * from {{ before }} except {{ now }}) as gone
        order by source_file
    {%- endset -%}
    {{ return(run_query(query).columns[0].values() | list) }}
{%- endmacro %}
