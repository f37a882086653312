{% macro code(column) -%}
    replace(replace(lower({{ repurchase.clean_text(column) }}), ' ', '_'), '-', '_')
{%- endmacro %}
