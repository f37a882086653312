{% macro kept(name) -%}
    {#- Not by `ref`: what reads a table as it was comes before it in the graph. -#}
    {%- if not execute or flags.FULL_REFRESH or model.resource_type != 'model'
        or not repurchase.keeps_rows() -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set node = graph.nodes['model.repurchase.' ~ name] -%}
    {{ return(adapter.get_relation(node.database, node.schema, node.alias)) }}
{%- endmacro %}
