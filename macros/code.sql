{% macro code(column) -%}
    replace(replace(lower({{ repurchase.read_text(column) }}), ' ', '_'), '-', '_')
{%- endmacro %}
