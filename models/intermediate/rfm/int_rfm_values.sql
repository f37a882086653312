{% set days = var('rfm_lookback_days') %}
{% set lookback_start = add_days('as_of_date', 1 - days) if days else 'null' %}

with

observation as (
    select
        as_of_date,
        cast({{ lookback_start }} as date) as lookback_start
    from {{ ref('int_observation') }}
),

customer_values as (
    select
        events.customer_key,
        observation.as_of_date,
        {{ days_between('max(events.purchase_date)', 'observation.as_of_date') }}
            as recency_days,
        cast(sum(events.frequency) as bigint) as frequency,
        cast(sum(events.orders) as bigint) as orders,
        cast(sum(events.monetary) as decimal(18, 2)) as monetary
    from {{ ref('int_rfm_events') }} as events
    cross join observation
    where
        observation.lookback_start is null
        or events.event_date >= observation.lookback_start
    group by events.customer_key, observation.as_of_date
    having sum(events.frequency) > 0
)

select * from customer_values
