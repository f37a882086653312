{% macro begin_build() %}
    {#- Until `end_build` there is no finished build to go on from. Rows that were made
        with other settings, or by a build that did not finish, are not kept. -#}
    {%- set chosen, relations = [], [] -%}
    {%- set nodes = repurchase.incremental_nodes() if execute else [] -%}
    {%- for node in nodes -%}
        {%- set relation = adapter.get_relation(
            node.database, node.schema, node.alias
        ) -%}
        {%- do relations.append(relation) -%}
        {%- if node.unique_id in selected_resources and flags.WHICH in ('run', 'build') -%}
            {%- do chosen.append(relation) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if chosen -%}
        {%- set finished = repurchase.finished_build() -%}
        {%- set is_kept = none not in relations and load_relation(finished)
            and run_query('select settings from ' ~ finished).columns[0].values()
            | list == [repurchase.build_settings()] -%}
        {%- for relation in chosen if relation and not is_kept -%}
            {%- do adapter.drop_relation(relation) -%}
        {%- endfor -%}
        drop table if exists {{ finished }}
    {%- endif -%}
{% endmacro %}
