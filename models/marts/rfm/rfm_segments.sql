with

segments as (
    select
        scores.rfm_segment,
        count(*) as customers,
        cast(sum(customer_values.orders) as bigint) as orders,
        sum(scores.monetary) as net_amount,
        avg(cast(scores.recency_days as {{ column_type('double') }}))
            as average_recency_days,
        avg(cast(scores.frequency as {{ column_type('double') }}))
            as average_frequency
    from {{ ref('rfm_scores') }} as scores
    inner join {{ ref('int_rfm_values') }} as customer_values
        on scores.customer_key = customer_values.customer_key
    group by scores.rfm_segment
),

totals as (
    select
        sum(customers) as customers,
        sum(net_amount) as net_amount
    from segments
),

described as (
    select
        segment_names.rfm_segment,
        segment_names.rfm_segment_zh,
        segment_names.segment_rank,
        observation.as_of_date,
        coalesce(segments.customers, 0) as customers,
        {{ rate('coalesce(segments.customers, 0)', 'totals.customers') }}
            as customer_share,
        coalesce(segments.orders, 0) as orders,
        cast(coalesce(segments.net_amount, 0) as decimal(18, 2)) as net_amount,
        {{ rate('coalesce(segments.net_amount, 0)', 'totals.net_amount') }}
            as revenue_share,
        segments.average_recency_days,
        segments.average_frequency,
        {{ average_amount('segments.net_amount', 'segments.orders') }}
            as average_order_value,
        segment_names.recommended_action,
        segment_names.recommended_action_zh
    from {{ ref('rfm_segment_names') }} as segment_names
    left join segments on segment_names.rfm_segment = segments.rfm_segment
    cross join totals
    cross join {{ ref('int_observation') }} as observation
)

select * from described
