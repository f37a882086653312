{% set high_score = var('rfm_high_score') %}

with

-- An open bound is NULL.
scored as (
    select
        customer_values.*,
        recency.score as r_score,
        frequency.score as f_score,
        monetary.score as m_score
    from {{ ref('int_rfm_values') }} as customer_values
    inner join {{ ref('int_rfm_bounds') }} as recency
        on
            recency.dimension = 'recency'
            and {{ is_within('customer_values.recency_days', 'recency') }}
    inner join {{ ref('int_rfm_bounds') }} as frequency
        on
            frequency.dimension = 'frequency'
            and {{ is_within('customer_values.frequency', 'frequency') }}
    inner join {{ ref('int_rfm_bounds') }} as monetary
        on
            monetary.dimension = 'monetary'
            and {{ is_within('customer_values.monetary', 'monetary') }}
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
        segment_names.rfm_segment_zh,
        segment_names.segment_rank,
        value_types.rfm_value_type,
        segment_names.recommended_action,
        segment_names.recommended_action_zh
    from scored
    inner join {{ ref('rfm_segment_rules') }} as segment_rules
        on
            scored.r_score = segment_rules.r_score
            and scored.f_score = segment_rules.f_score
    inner join {{ ref('rfm_segment_names') }} as segment_names
        on segment_rules.rfm_segment = segment_names.rfm_segment
    inner join {{ ref('rfm_value_types') }} as value_types
        on
            (scored.r_score >= {{ high_score }}) = value_types.is_recent
            and (scored.f_score >= {{ high_score }}) = value_types.is_frequent
            and (scored.m_score >= {{ high_score }}) = value_types.is_high_value
)

select * from labelled
