{#- In somebody else's project their rule or dbt's own holds, for this project's tables
    too. -#}
{% macro default__generate_schema_name(custom_schema_name, node) -%}
    {%- if not custom_schema_name -%}
        {{ target.schema }}
    {%- elif project_name == 'repurchase' -%}
        {%- set marts = var('marts_schema', 'marts') -%}
        {{ marts if custom_schema_name == 'marts' else custom_schema_name | trim }}
    {%- else -%}
        {{ target.schema }}_{{ custom_schema_name | trim }}
    {%- endif -%}
{%- endmacro %}
