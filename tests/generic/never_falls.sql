{% test never_falls(model, column, partition_by, order_by) %}
    {#- Rows whose value is below that of the row before. -#}
    with

    steps as (
        select
            *,
            lag({{ column }}) over (
                partition by {{ partition_by | join(', ') }} order by {{ order_by }}
            ) as value_before
        from {{ model }}
    )

    select * from steps
    where {{ column }} < value_before
{% endtest %}
