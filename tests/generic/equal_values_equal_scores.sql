{% test equal_values_equal_scores(model, value, score, falling=false) %}
    {#- Values with two scores, and neighbours whose scores do not follow them. -#}
    with

    scores as (
        select
            {{ value }} as scored_value,
            min({{ score }}) as lowest_score,
            max({{ score }}) as highest_score
        from {{ model }}
        group by {{ value }}
    ),

    neighbours as (
        select
            *,
            lag(highest_score) over (
                order by scored_value{{ " desc" if falling }}
            ) as score_before
        from scores
    )

    select * from neighbours
    where lowest_score <> highest_score or lowest_score < score_before
{% endtest %}
