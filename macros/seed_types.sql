{% macro seed_types(model, agate_table) -%}
    {%- set types = {} -%}
    {%- for name in agate_table.column_names -%}
        {%- set inferred = adapter.convert_type(agate_table, loop.index0) -%}
        {%- set type = model['config'].get('column_types', {}).get(name, inferred) -%}
        {%- do types.update({name: repurchase.column_type(type)}) -%}
    {%- endfor -%}
    {{ return(types) }}
{%- endmacro %}
