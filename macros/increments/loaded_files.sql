{% macro loaded_files() -%}
    {#- As load.py wrote them down; none where a connector's rows come in another way. -#}
    {%- set parts = [] -%}
    {%- for connector in var('connectors') -%}
        {%- set schema = repurchase.setting(connector, 'schema') -%}
        {%- set files = adapter.get_relation(target.database, schema, 'loaded_files')
            if execute and schema == 'raw_' ~ connector
            and not repurchase.setting(connector, 'tables') else none -%}
        {%- if not files -%}
            {{ return(none) }}
        {%- endif -%}
        {%- do parts.append(
            "select '" ~ connector ~ "' as connector, entity, source_file, content_hash,"
            ~ ' reading from ' ~ files
        ) -%}
    {%- endfor -%}
    {{ return(parts | join(' union all ')) }}
{%- endmacro %}
