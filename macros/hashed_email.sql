{% macro hashed_email(column) -%}
    {%- set text = "lower(" ~ repurchase.clean_text(column) ~ ")" -%}
    case when {{ text }} like '%@%' then {{ repurchase.keyed_hash(text) }} end
{%- endmacro %}
