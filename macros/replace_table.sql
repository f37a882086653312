{% macro replace_table(name, select) %}
    {%- do run_query('drop table if exists ' ~ name) -%}
    {%- do run_query('create table ' ~ name ~ ' as ' ~ select) -%}
{% endmacro %}
