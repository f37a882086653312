{% macro compared_models() %}
    {{ return(['int_order_prints', 'int_read_files', 'int_read_links']) }}
{% endmacro %}
