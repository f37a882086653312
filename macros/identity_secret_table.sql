{% macro identity_secret_table() -%}
    {%- if not execute -%}
        {{ return('identity_secret') }}
    {%- endif -%}
    {%- set beside = graph.nodes['model.repurchase.int_identities'] -%}
    {{ return(api.Relation.create(
        database=beside.database,
        schema=beside.schema,
        identifier='identity_secret',
        type='table',
    )) }}
{%- endmacro %}
