{% macro raw(connector, entity) -%}
    {%- if connector == 'standard' and not repurchase.setting(connector, 'schema') -%}
        {%- set relation = ref('demo_' ~ entity) -%}
    {%- else -%}
        {%- set relation = source(connector, entity) -%}
    {%- endif -%}
    {%- set present = adapter.get_columns_in_relation(relation)
        | map(attribute='name') | map('lower') | list if execute else [] -%}
    {%- if not present -%}
        {{ return(relation ~ ' as ' ~ entity) }}
    {%- endif -%}
    {%- set expected = repurchase.expected_columns(connector, entity) -%}
    {%- set wanted = expected.keys() | list + ['source_file'] + var('x_columns', []) -%}
    {%- set absent = wanted | reject('in', present) | list -%}
    {%- for column in absent if expected.get(column) -%}
        {{ exceptions.raise_compiler_error(
            relation ~ ' has no column ' ~ column ~ ', which connector ' ~ connector
            ~ ' needs: give it in a view and name the view in var connectors'
        ) }}
    {%- endfor -%}
    (
        select
            {{ wanted | select('in', present) | join(',\n            ') }}
            {%- for column in absent %},
            cast(null as {{ dbt.type_string() }}) as {{ column }}
            {%- endfor %}
        from {{ relation }}
    ) as {{ entity }}
{%- endmacro %}
