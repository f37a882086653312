{% macro row_hash(relation) -%}
    {{ return(adapter.dispatch('repurchase_row_hash', 'repurchase')(relation)) }}
{%- endmacro %}

{% macro default__repurchase_row_hash(relation) -%}
    cast(hash({{ relation }}) as decimal(38, 0))
{%- endmacro %}

{% macro postgres__repurchase_row_hash(relation) -%}
    cast(hashtextextended(cast({{ relation }} as text), 0) as decimal(38, 0))
{%- endmacro %}

{% macro spark__repurchase_row_hash(relation) -%}
    cast(xxhash64(to_json(struct({{ relation }}.*))) as decimal(38, 0))
{%- endmacro %}
