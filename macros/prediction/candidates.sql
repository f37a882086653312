{% macro candidates(parameters, about, tried) -%}
    select
        model,
        cast(origin as date) as origin_date,
        cast(candidate as bigint) as candidate,
        cast(anchor as bigint) as anchor
        {%- for parameter in parameters %},
        exp({{ repurchase.cast_as('log_' ~ parameter, 'double') }}) as {{ parameter }}
        {%- endfor %}
    from (
        values
        {{ repurchase.candidate_rows(about, tried) }}
    ) as given (
        model, origin, candidate, anchor
        {%- for parameter in parameters %}, log_{{ parameter }}{% endfor %}
    )
{%- endmacro %}
