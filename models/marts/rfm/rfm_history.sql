with

compared as (
    select
        *,
        case
            when
                first_month = lag(last_month) over in_sequence + 1
                and r_score = lag(r_score) over in_sequence
                and f_score = lag(f_score) over in_sequence
                and m_score = lag(m_score) over in_sequence
                and base_r_score = lag(base_r_score) over in_sequence
                and base_m_score = lag(base_m_score) over in_sequence
                then 0
            else 1
        end as starts_run
    from {{ ref('int_rfm_scored_spans') }}
    window in_sequence as (partition by customer_key order by first_month)
),

numbered as (
    select
        *,
        sum(starts_run) over (partition by customer_key order by first_month) as run
    from compared
),

runs as (
    select
        customer_key,
        min(first_month) as first_month,
        max(last_month) as last_month,
        r_score,
        f_score,
        m_score,
        rfm_segment,
        base_r_score,
        base_f_score,
        base_m_score,
        base_rfm_segment
    from numbered
    group by
        customer_key,
        run,
        r_score,
        f_score,
        m_score,
        rfm_segment,
        base_r_score,
        base_f_score,
        base_m_score,
        base_rfm_segment
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
        runs.rfm_segment,
        runs.base_r_score,
        runs.base_f_score,
        runs.base_m_score,
        runs.base_rfm_segment
    from runs
    inner join {{ ref('int_rfm_snapshots') }} as first_months
        on runs.first_month = first_months.month_number
    left join {{ ref('int_rfm_snapshots') }} as last_months
        on
            runs.last_month = last_months.month_number
            and last_months.days_before_end > 0
    cross join {{ ref('int_observation') }} as observation
)

select * from history
