{% macro finished_build() %}
    {%- set node = graph.nodes['model.repurchase.int_orders_checked'] -%}
    {{ return(api.Relation.create(
        database=node.database, schema=node.schema, identifier='finished_build'
    )) }}
{% endmacro %}
