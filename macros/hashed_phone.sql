{% macro hashed_phone(column) -%}
    {%- set text = repurchase.clean_text(column) -%}
    {%- set digits = repurchase.replace_matches(text, '[^0-9]', '') -%}
    case when length({{ digits }}) >= 6 then {{ repurchase.keyed_hash(digits) }} end
{%- endmacro %}
