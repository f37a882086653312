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

bounds as (
    {{ rfm_bounds('quintiles') }}
)

select * from bounds
