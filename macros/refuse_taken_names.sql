{% macro refuse_taken_names() %}
    {#- Stops a project that would silently put a table of its own in the place of one
        of ours. -#}
    {%- set nodes = graph.nodes if execute else {} -%}
    {%- for node in nodes.values() if node.package_name == 'repurchase' -%}
        {%- for source_id in node.depends_on.nodes -%}
            {%- set package, name = source_id.split('.')[1:3] -%}
            {%- set ours = ['model.repurchase.' ~ name, 'seed.repurchase.' ~ name] -%}
            {%- if package != 'repurchase' and ours | select('in', nodes) | list -%}
                {{ exceptions.raise_compiler_error(
                    package ~ ' has a ' ~ name ~ ' of its own, which ' ~ node.name
                    ~ ' would read in place of that of repurchase: in dbt_project.yml'
                    ~ ' set flags: require_ref_searches_node_package_before_root: true'
                    ~ ', or disable one of the two'
                ) }}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}
