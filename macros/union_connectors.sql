{% macro union_connectors(entity, also=[]) -%}
    {#- The columns and types are those of the calling model's yml: the contract. The
        arrival is that of raw rows; what is made of checked rows came with them. -#}
    {%- set parts = [] -%}
    {%- for connector in var('connectors')
        if repurchase.has_entity(connector, entity) -%}
        {%- do parts.append({
            'relation': ref('stg_' ~ connector ~ '__' ~ entity),
            'arrival_date': repurchase.arrival_date(connector),
        }) -%}
    {%- endfor -%}
    {%- set x_columns = var('x_columns') if entity == 'orders' else [] -%}
    {%- for relation in also -%}
        {%- do parts.append({'relation': relation, 'arrival_date': 'null'}) -%}
    {%- endfor -%}
    {%- for part in parts -%}
        {%- if not loop.first %}

union all

{% endif -%}
        select
        {%- for column in model.columns.values() %}
            {%- set name = column.name %}
            {%- set value = part.arrival_date if name == 'arrival_date' else name %}
    {{ repurchase.cast_as(value, column.data_type) }} as {{ name }}
            {{- "," if not loop.last or x_columns }}
        {%- endfor %}
        {%- for column in x_columns %}
            {%- set value = "null" if part.relation in also else column %}
    {{ repurchase.as_text(value) }} as {{ column }}
            {{- "," if not loop.last }}
        {%- endfor %}
from {{ part.relation }}
    {%- endfor -%}
    {%- if not parts -%}
        select
        {%- for column in model.columns.values() %}
            {%- set name = column.name %}
    {{ repurchase.cast_as("null", column.data_type) }} as {{ name }}
            {{- "," if not loop.last }}
        {%- endfor %}
where false
    {%- endif -%}
{%- endmacro %}
