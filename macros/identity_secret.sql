{% macro identity_secret() -%}
    {%- set secret = env_var('REPURCHASE_IDENTITY_SECRET', 'demo-secret') -%}
    {{ return(secret | replace("'", "''")) }}
{%- endmacro %}
