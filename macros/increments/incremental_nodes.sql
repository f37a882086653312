{% macro incremental_nodes() %}
    {%- set nodes = [] -%}
    {%- for node in (graph.nodes if execute and repurchase.keeps_rows() else {}).values()
        if node.config.get('incremental_strategy') == 'replace_touched'
        or node.name in repurchase.compared_models() -%}
        {%- do nodes.append(node) -%}
    {%- endfor -%}
    {{ return(nodes) }}
{% endmacro %}
