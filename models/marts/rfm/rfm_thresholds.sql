with

customers as (
    select 'recency' as dimension, r_score as score, count(*) as customers
    from {{ ref('rfm_scores') }}
    group by r_score
    union all
    select 'frequency', f_score, count(*)
    from {{ ref('rfm_scores') }}
    group by f_score
    union all
    select 'monetary', m_score, count(*)
    from {{ ref('rfm_scores') }}
    group by m_score
),

thresholds as (
    select
        bounds.dimension,
        bounds.score,
        observation.as_of_date,
        bounds.lower_bound,
        bounds.upper_bound,
        coalesce(customers.customers, 0) as customers
    from {{ ref('int_rfm_bounds') }} as bounds
    left join customers
        on bounds.dimension = customers.dimension and bounds.score = customers.score
    cross join {{ ref('int_observation') }} as observation
)

select * from thresholds
