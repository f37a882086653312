{% macro hashed_phone(column) -%}
    {%- set digits = repurchase.replace_matches(repurchase.clean_text(column), '[^0-9]', '') -%}
    case when length({{ digits }}) >= 6 then {{ repurchase.keyed_hash(digits) }} end
{%- endmacro %}
