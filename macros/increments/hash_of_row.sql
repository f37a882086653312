{% macro hash_of_row(relation, name) -%}
    {#- A connector of one's own may leave it out: then what it read is hashed. -#}
    {%- set columns = adapter.get_columns_in_relation(relation) if execute else [] -%}
    {%- if 'row_hash' in columns | map(attribute='name') | map('lower') -%}
        row_hash
    {%- else -%}
        {{ repurchase.row_hash(name) }}
    {%- endif -%}
{%- endmacro %}
