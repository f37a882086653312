{% test unique_grain(model, columns) %}
    {#- Rows of a grain that stands more than once; NULL counts as a value. -#}
    select
        {{ columns | join(', ') }},
        count(*) as row_count
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
