{% macro end_build() %}
    {%- set nodes = repurchase.incremental_nodes() if execute else [] -%}
    {%- set done = [] -%}
    {%- for result in results if result.status == 'success' -%}
        {%- do done.append(result.node.unique_id) -%}
    {%- endfor -%}
    {%- set missing = nodes | map(attribute='unique_id') | reject('in', done) | list -%}
    {%- if nodes and not missing -%}
        create table {{ repurchase.finished_build() }} as
        select '{{ repurchase.build_settings() }}' as settings
    {%- endif -%}
{% endmacro %}
