{% macro end_build() %}
    {#- Without new prints what was made is of the raw rows of different builds. -#}
    {%- set chosen, made = [], [] -%}
    {%- for node in repurchase.incremental_nodes()
        if node.unique_id in selected_resources -%}
        {%- do chosen.append(node.name) -%}
    {%- endfor -%}
    {%- for result in results
        if result.node.name in chosen and result.status == 'success' -%}
        {%- do made.append(result.node.name) -%}
    {%- endfor -%}
    {%- if 'int_order_prints' in made and made | length == chosen | length -%}
        create table {{ repurchase.finished_build() }} as
        {%- for name in made %}
        select '{{ repurchase.build_settings() }}' as settings, '{{ name }}' as model
        {{- ' union all' if not loop.last }}
        {%- endfor %}
    {%- endif -%}
{% endmacro %}
