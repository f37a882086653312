{#- dbt asks the root project's `default__` version only: in somebody else's project
    theirs or dbt's own holds, for this project's tables too. -#}
{% macro default__generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
