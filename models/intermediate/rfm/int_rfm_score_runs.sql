with

bounds as (
    select * from {{ ref('int_rfm_month_bounds') }}
    where dimension <> 'frequency'
),

base_bounds as (
    select * from bounds
    where is_base
),

scored_values as (
    select
        'recency' as dimension,
        cast(recency_at_end as decimal(18, 2)) as scored_value
    from {{ ref('int_rfm_spans') }}
    union
    select
        'monetary',
        upper_bound
    from {{ ref('int_rfm_rungs') }}
),

at_snapshot as (
    select
        scored_values.dimension,
        scored_values.scored_value,
        snapshots.month_number,
        case
            when scored_values.dimension = 'recency'
                then scored_values.scored_value - snapshots.days_before_end
            else scored_values.scored_value
        end as value_at_snapshot
    from scored_values
    cross join {{ ref('int_rfm_snapshots') }} as snapshots
),

scored as (
    select
        at_snapshot.dimension,
        at_snapshot.scored_value,
        at_snapshot.month_number,
        bounds.score,
        base_bounds.score as base_score
    from at_snapshot
    inner join bounds
        on
            at_snapshot.dimension = bounds.dimension
            and at_snapshot.month_number = bounds.month_number
            and {{ is_within('at_snapshot.value_at_snapshot', 'bounds') }}
    inner join base_bounds
        on
            at_snapshot.dimension = base_bounds.dimension
            and {{ is_within('at_snapshot.value_at_snapshot', 'base_bounds') }}
),

-- Months in a row with the same scores are as far from their place in that row.
placed as (
    select
        *,
        month_number - row_number() over (
            partition by dimension, scored_value, score, base_score
            order by month_number
        ) as run
    from scored
),

runs as (
    select
        dimension,
        scored_value,
        score,
        base_score,
        min(month_number) as first_month,
        max(month_number) as last_month
    from placed
    group by dimension, scored_value, score, base_score, run
)

select * from runs
