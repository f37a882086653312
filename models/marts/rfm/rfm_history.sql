with

-- Spans in a row with the same scores end as far from their place in that row.
placed as (
    select
        *,
        last_month - sum(last_month - first_month + 1) over (
            partition by
                customer_key,
                r_score,
                f_score,
                m_score,
                base_r_score,
                base_m_score
            order by first_month
        ) as run
    from {{ ref('int_rfm_scored_spans') }}
),

runs as (
    select
        customer_key,
        min(first_month) as first_month,
        max(last_month) as last_month,
        r_score,
        f_score,
        m_score,
        base_r_score,
        base_m_score
    from placed
    group by
        customer_key,
        run,
        r_score,
        f_score,
        m_score,
        base_r_score,
        base_m_score
),

-- A run that lasts ends in no month: none is after the last snapshot.
history as (
    select
        runs.customer_key,
        first_months.snapshot_month as valid_from_month,
        observation.as_of_date,
        last_months.snapshot_month as valid_to_month,
        runs.r_score,
        runs.f_score,
        runs.m_score,
        own_rules.rfm_segment,
        runs.base_r_score,
        runs.f_score as base_f_score,
        runs.base_m_score,
        base_rules.rfm_segment as base_rfm_segment
    from runs
    inner join {{ ref('int_rfm_snapshots') }} as first_months
        on runs.first_month = first_months.month_number
    left join {{ ref('int_rfm_snapshots') }} as last_months
        on
            runs.last_month = last_months.month_number
            and last_months.days_before_end > 0
    left join {{ ref('rfm_segment_rules') }} as own_rules
        on runs.r_score = own_rules.r_score and runs.f_score = own_rules.f_score
    left join {{ ref('rfm_segment_rules') }} as base_rules
        on runs.base_r_score = base_rules.r_score and runs.f_score = base_rules.f_score
    cross join {{ ref('int_observation') }} as observation
)

select * from history
