{% macro order_rows(relation) -%}
    {#- A connector of one's own may have no row_hash: then what it read is hashed. -#}
    {%- set columns = adapter.get_columns_in_relation(relation) if execute else [] -%}
    {%- set is_hashed = 'row_hash' in columns | map(attribute='name') | map('lower') -%}
    select
        coalesce({{ repurchase.shop_key('order_id') }}, 0) as order_key,
        coalesce(source_file, '') as source_file,
        {{ 'row_hash' if is_hashed else repurchase.row_hash('staged') }} as row_hash
    from {{ relation }} as staged
{%- endmacro %}
