{% macro count_where(condition) -%}
    cast(coalesce(sum(customers) filter (where {{ condition }}), 0) as bigint)
{%- endmacro %}
