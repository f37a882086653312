{% macro begin_build() %}
    {#- Until `end_build` there is no finished build to go on from. Rows that were made
        with other settings, by a build that did not finish, or that the last build left
        aside are not kept. -#}
    {%- set chosen = [] -%}
    {%- for node in repurchase.incremental_nodes()
        if node.unique_id in selected_resources and flags.WHICH in ('run', 'build') -%}
        {%- do chosen.append(node) -%}
    {%- endfor -%}
    {%- if chosen -%}
        {%- set finished = repurchase.finished_build() -%}
        {%- set made = run_query(
            'select model from ' ~ finished
            ~ " where settings = '" ~ repurchase.build_settings() ~ "'"
        ).columns[0].values() if load_relation(finished) else [] -%}
        {%- for node in chosen if node.name not in made -%}
            {%- set relation = adapter.get_relation(
                node.database, node.schema, node.alias
            ) -%}
            {%- if relation -%}
                {%- do adapter.drop_relation(relation) -%}
            {%- endif -%}
        {%- endfor -%}
        drop table if exists {{ finished }}
    {%- endif -%}
{% endmacro %}
