{% macro expected_columns(connector, entity) %}
    {%- set columns = {} -%}
    {%- for source_node in graph.sources.values()
        if source_node.source_name == connector and source_node.name == entity
        and source_node.package_name == model.package_name -%}
        {%- for column in source_node.columns.values() -%}
            {%- do columns.update({column.name: column.meta.required}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if not columns -%}
        {%- set contract = 'model.repurchase.int_' ~ entity ~ '_unioned' -%}
        {%- for column in graph.nodes[contract].columns.values()
            if column.meta.input -%}
            {%- set name = column.meta.input.name or column.name -%}
            {%- do columns.update({name: column.meta.input.required}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(columns) }}
{% endmacro %}
