{% macro connector_entities() %}
    {#- Pairs of connector and entity in use, with the entities made from others: see
        the contract. -#}
    {%- set pairs = [] -%}
    {%- for connector in var('connectors') -%}
        {%- set given = repurchase.setting(connector, 'entities', []) | list -%}
        {%- set made = ['orders', 'order_items'] if 'order_lines' in given else [] -%}
        {%- for entity in (given + made + ['refunds']) | unique -%}
            {%- do pairs.append((connector, entity)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(pairs) }}
{% endmacro %}
