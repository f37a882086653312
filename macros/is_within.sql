{% macro is_within(value, bounds) -%}
    coalesce({{ value }} > {{ bounds }}.lower_bound, true)
    and coalesce({{ value }} <= {{ bounds }}.upper_bound, true)
{%- endmacro %}
