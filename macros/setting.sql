{% macro setting(connector, name, default=none) %}
    {{ return(var('connectors').get(connector, {}).get(name, default)) }}
{% endmacro %}
