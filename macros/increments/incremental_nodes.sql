{% macro incremental_nodes() %}
    {%- set nodes = [] -%}
    {%- for node in (graph.nodes if execute else {}).values()
        if node.config.get('incremental_strategy') == 'replace_touched'
        and node.config.materialized == 'incremental' -%}
        {%- do nodes.append(node) -%}
    {%- endfor -%}
    {{ return(nodes) }}
{% endmacro %}
