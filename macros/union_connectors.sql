{% macro union_connectors(entity, also=[]) -%}
    {#- The columns and types are those of the calling model's yml: the contract. -#}
    {%- set relations = [] -%}
    {%- for connector in var('connectors')
        if repurchase.has_entity(connector, entity) -%}
        {%- do relations.append(ref('stg_' ~ connector ~ '__' ~ entity)) -%}
    {%- endfor -%}
    {%- set x_columns = var('x_columns') if entity == 'orders' else [] -%}
    {%- for relation in relations + also -%}
        {%- if not loop.first %}

union all

{% endif -%}
        select
        {%- for column in model.columns.values() %}
            {%- set data_type = api.Column.translate_type(column.data_type) %}
    cast({{ column.name }} as {{ data_type }}) as {{ column.name }}
            {{- "," if not loop.last or x_columns }}
        {%- endfor %}
        {%- for column in x_columns %}
            {%- set value = "null" if relation in also else column %}
    cast({{ value }} as {{ dbt.type_string() }}) as {{ column }}
            {{- "," if not loop.last }}
        {%- endfor %}
from {{ relation }}
    {%- endfor -%}
    {%- if not relations + also -%}
        select
        {%- for column in model.columns.values() %}
            {%- set data_type = api.Column.translate_type(column.data_type) %}
    cast(null as {{ data_type }}) as {{ column.name }}
            {{- "," if not loop.last }}
        {%- endfor %}
where false
    {%- endif -%}
{%- endmacro %}
