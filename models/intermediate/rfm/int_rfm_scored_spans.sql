with

-- A month's cuts part no two amounts on one rung, and thresholds of frequency are the
-- same in every month.
spans as (
    select
        spans.*,
        cast(spans.recency_at_end as decimal(18, 2)) as recency_value,
        rungs.upper_bound as rung,
        frequency.score as f_score
    from {{ ref('int_rfm_spans') }} as spans
    inner join {{ ref('int_rfm_rungs') }} as rungs
        on
            spans.monetary_band = rungs.monetary_band
            and {{ is_within('spans.monetary', 'rungs') }}
    inner join {{ ref('int_rfm_month_bounds') }} as frequency
        on
            frequency.dimension = 'frequency'
            and spans.first_month = frequency.month_number
            and {{ is_within('spans.frequency', 'frequency') }}
),

scored as (
    select
        spans.customer_key,
        greatest(spans.first_month, recency.first_month, monetary.first_month)
            as first_month,
        least(spans.last_month, recency.last_month, monetary.last_month)
            as last_month,
        spans.monetary,
        recency.score as r_score,
        spans.f_score,
        monetary.score as m_score,
        recency.base_score as base_r_score,
        monetary.base_score as base_m_score
    from spans
    inner join {{ ref('int_rfm_score_runs') }} as recency
        on
            recency.dimension = 'recency'
            and spans.recency_value = recency.scored_value
            and spans.first_month <= recency.last_month
            and spans.last_month >= recency.first_month
    inner join {{ ref('int_rfm_score_runs') }} as monetary
        on
            monetary.dimension = 'monetary'
            and spans.rung = monetary.scored_value
            and spans.first_month <= monetary.last_month
            and spans.last_month >= monetary.first_month
            and recency.first_month <= monetary.last_month
            and recency.last_month >= monetary.first_month
)

select * from scored
