{% macro expected_columns(connector, entity) %}
    {%- set columns = {} -%}
    {%- for source_node in graph.sources.values()
        if source_node.source_name == connector and source_node.name == entity
        and source_node.package_name == 'repurchase' -%}
        {%- for column in source_node.columns.values() -%}
            {%- do columns.update({column.name: column.meta.required}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if not columns -%}
        {%- for column in graph.nodes['model.repurchase.int_' ~ entity ~ '_unioned'].columns.values()
            if column.meta.input -%}
            {%- do columns.update({column.meta.input.name or column.name: column.meta.input.required}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(columns) }}
{% endmacro %}
