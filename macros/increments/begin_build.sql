{% macro begin_build() %}
    {#- Until `end_build` there is no finished build to add to. Rows that were made with
        other settings, or by a build that did not finish, are not kept. -#}
    {%- set nodes = repurchase.incremental_nodes() if execute else [] -%}
    {%- set chosen = nodes | map(attribute='unique_id')
        | select('in', selected_resources) | list -%}
    {%- if chosen and flags.WHICH in ('run', 'build') -%}
        {%- set finished = repurchase.finished_build() -%}
        {%- set relations = [] -%}
        {%- for node in nodes -%}
            {%- do relations.append(
                adapter.get_relation(node.database, node.schema, node.alias)
            ) -%}
        {%- endfor -%}
        {%- set kept = none not in relations and load_relation(finished)
            and run_query('select settings from ' ~ finished).columns[0].values()
            | list == [repurchase.build_settings()] -%}
        {%- if not kept -%}
            {%- for relation in relations if relation -%}
                {%- do adapter.drop_relation(relation) -%}
            {%- endfor -%}
        {%- endif -%}
        drop table if exists {{ finished }}
    {%- endif -%}
{% endmacro %}
