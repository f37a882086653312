{% macro end_build() %}
    {#- Without all that the next build compares with, rows may be of different builds. -#}
    {%- set chosen, made = [], [] -%}
    {%- for node in repurchase.incremental_nodes()
        if node.unique_id in selected_resources -%}
        {%- do chosen.append(node.name) -%}
    {%- endfor -%}
    {%- for result in results
        if result.node.name in chosen and result.status == 'success' -%}
        {%- do made.append(result.node.name) -%}
    {%- endfor -%}
    {%- if made | length == chosen | length
        and not repurchase.compared_models() | reject('in', made) | list -%}
        create table {{ repurchase.finished_build() }} as
        {%- for name in made %}
        select '{{ repurchase.build_settings() }}' as settings, '{{ name }}' as model
        {{- ' union all' if not loop.last }}
        {%- endfor %}
    {%- endif -%}
{% endmacro %}
