{% macro order_relations() -%}
    {%- set relations = [] -%}
    {%- for connector in var('connectors') -%}
        {%- for entity in ['orders', 'order_items', 'order_lines']
            if repurchase.has_entity(connector, entity) -%}
            {%- do relations.append(ref('stg_' ~ connector ~ '__' ~ entity)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(relations) }}
{%- endmacro %}
