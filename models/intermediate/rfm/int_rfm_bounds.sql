{% set frequency = var('rfm_frequency_thresholds') %}

with

quintiles as (
    select
        percentile_disc(0.2) within group (order by recency_days) as recency_1,
        percentile_disc(0.4) within group (order by recency_days) as recency_2,
        percentile_disc(0.6) within group (order by recency_days) as recency_3,
        percentile_disc(0.8) within group (order by recency_days) as recency_4,
        percentile_disc(0.2) within group (order by monetary) as monetary_1,
        percentile_disc(0.4) within group (order by monetary) as monetary_2,
        percentile_disc(0.6) within group (order by monetary) as monetary_3,
        percentile_disc(0.8) within group (order by monetary) as monetary_4
    from {{ ref('int_rfm_values') }}
    having count(*) > 0
),

-- A score holds lower_bound < value <= upper_bound, so that equal values have equal
-- scores. NULL is open.
bounds as (
    select
        'recency' as dimension,
        5 as score,
        null as lower_bound,
        recency_1 as upper_bound
    from quintiles
    union all
    select 'recency', 4, recency_1, recency_2 from quintiles
    union all
    select 'recency', 3, recency_2, recency_3 from quintiles
    union all
    select 'recency', 2, recency_3, recency_4 from quintiles
    union all
    select 'recency', 1, recency_4, null from quintiles
    union all
    select 'frequency', 1, null, {{ frequency[0] }} from quintiles
    union all
    select 'frequency', 2, {{ frequency[0] }}, {{ frequency[1] }} from quintiles
    union all
    select 'frequency', 3, {{ frequency[1] }}, {{ frequency[2] }} from quintiles
    union all
    select 'frequency', 4, {{ frequency[2] }}, {{ frequency[3] }} from quintiles
    union all
    select 'frequency', 5, {{ frequency[3] }}, null from quintiles
    union all
    select 'monetary', 1, null, monetary_1 from quintiles
    union all
    select 'monetary', 2, monetary_1, monetary_2 from quintiles
    union all
    select 'monetary', 3, monetary_2, monetary_3 from quintiles
    union all
    select 'monetary', 4, monetary_3, monetary_4 from quintiles
    union all
    select 'monetary', 5, monetary_4, null from quintiles
),

typed as (
    select
        dimension,
        cast(score as bigint) as score,
        cast(lower_bound as decimal(18, 2)) as lower_bound,
        cast(upper_bound as decimal(18, 2)) as upper_bound
    from bounds
)

select * from typed
