{% macro and_touched(column=none) -%}
    {%- if is_incremental() -%}
        and {{ repurchase.is_touched(column) }}
    {%- endif -%}
{%- endmacro %}
