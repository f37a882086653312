{% macro keep_identity_secret() %}
    {#- While parsing, dbt would write the environment's value to its own files. -#}
    {%- if execute -%}
        {%- set given = env_var('REPURCHASE_IDENTITY_SECRET', '') -%}
        {%- set secret = given or 'demo-secret' -%}
        {%- set table = repurchase.identity_secret_table() -%}
        {%- do adapter.create_schema(table) -%}
        {%- do run_query(
            'create table if not exists ' ~ table
            ~ ' (secret ' ~ dbt.type_string() ~ ')'
        ) -%}
        {%- set kept = run_query('select secret from ' ~ table) -%}
        {%- if kept.columns[0].values() | list != [secret] -%}
            {%- do run_query('truncate table ' ~ table) -%}
            {%- do repurchase.insert_text(table, secret) -%}
        {%- endif -%}
        {%- if not given -%}
            {%- do repurchase.require_identity_secret() -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
