{% macro get_incremental_replace_touched_sql(arguments) %}
    {#- Also rows that are no more, which no upsert by key would find. -#}
    delete from {{ arguments.target_relation }} where {{ repurchase.is_touched() }};
    {{ get_insert_into_sql(
        arguments.target_relation, arguments.temp_relation, arguments.dest_columns
    ) }}
{% endmacro %}
