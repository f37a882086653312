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
            {%- set name = column.name %}
    {{ repurchase.cast_as(name, column.data_type) }} as {{ name }}
            {{- "," if not loop.last or x_columns }}
        {%- endfor %}
        {%- for column in x_columns %}
            {%- set value = "null" if relation in also else column %}
    {{ repurchase.as_text(value) }} as {{ column }}
            {{- "," if not loop.last }}
        {%- endfor %}
from {{ relation }}
    {%- endfor -%}
    {%- if not relations + also -%}
        select
        {%- for column in model.columns.values() %}
            {%- set name = column.name %}
    {{ repurchase.cast_as("null", column.data_type) }} as {{ name }}
            {{- "," if not loop.last }}
        {%- endfor %}
where false
    {%- endif -%}
{%- endmacro %}
