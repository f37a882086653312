with

scored as (
    select
        customer_values.*,
        recency.score as r_score,
        frequency.score as f_score,
        monetary.score as m_score
    from
        {{ ref('int_rfm_values') }} as customer_values
    {%- for dimension, value in [
        ('recency', 'recency_days'), ('frequency', 'frequency'), ('monetary', 'monetary'),
    ] %}
        inner join {{ ref('int_rfm_bounds') }} as {{ dimension }}
            on
                {{ dimension }}.dimension = '{{ dimension }}'
                and ({{ dimension }}.lower_bound is null or customer_values.{{ value }} > {{ dimension }}.lower_bound)
                and ({{ dimension }}.upper_bound is null or customer_values.{{ value }} <= {{ dimension }}.upper_bound)
            {%- endfor %}
),

labelled as (
    select
        scored.customer_key,
        scored.as_of_date,
        scored.recency_days,
        scored.frequency,
        scored.monetary,
        scored.r_score,
        scored.f_score,
        scored.m_score,
        {{ dbt.concat([
            'cast(scored.r_score as ' ~ dbt.type_string() ~ ')',
            'cast(scored.f_score as ' ~ dbt.type_string() ~ ')',
            'cast(scored.m_score as ' ~ dbt.type_string() ~ ')',
        ]) }} as rfm_cell,
        segment_rules.rfm_segment,
        names.rfm_segment_zh,
        names.segment_rank,
        value_types.rfm_value_type,
        names.recommended_action
    from scored
    inner join {{ ref('rfm_segment_rules') }} as segment_rules
        on scored.r_score = segment_rules.r_score and scored.f_score = segment_rules.f_score
    inner join {{ ref('rfm_segment_names') }} as names
        on segment_rules.rfm_segment = names.rfm_segment
    inner join {{ ref('rfm_value_types') }} as value_types
        on
            (scored.r_score >= {{ var('rfm_high_score') }}) = value_types.is_recent
            and (scored.f_score >= {{ var('rfm_high_score') }}) = value_types.is_frequent
            and (scored.m_score >= {{ var('rfm_high_score') }}) = value_types.is_high_value
)

select * from labelled
