{% macro is_in_files(files) -%}
    {%- if files is none -%}
        {{ return('true') }}
    {%- endif -%}
    {%- set names = [] -%}
    {%- for file in files -%}
        {%- do names.append(dbt.string_literal(dbt.escape_single_quotes(file))) -%}
    {%- endfor -%}
    {{ return('source_file in (' ~ names | join(', ') ~ ')' if names else 'false') }}
{%- endmacro %}
