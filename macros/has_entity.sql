{% macro has_entity(connector, entity) %}
    {{ return(entity in repurchase.setting(connector, 'entities', [])) }}
{% endmacro %}
