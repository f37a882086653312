{% macro where_touched(column=none) -%}
    {%- if is_incremental() -%}
        where {{ repurchase.is_touched(column) }}
    {%- endif -%}
{%- endmacro %}
