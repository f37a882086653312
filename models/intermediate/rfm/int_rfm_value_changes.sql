{{ config(materialized='view') }}

with

-- A day is a band of its own.
span_values as (
    select
        'recency' as dimension,
        recency_at_end as band,
        cast(recency_at_end as decimal(18, 2)) as scored_value,
        first_month,
        last_month
    from {{ ref('int_rfm_spans') }}
    union all
    select
        'monetary' as dimension,
        monetary_band as band,
        monetary as scored_value,
        first_month,
        last_month
    from {{ ref('int_rfm_spans') }}
),

changes as (
    select
        dimension,
        band,
        scored_value,
        first_month as month_number,
        1 as customers
    from span_values
    union all
    select
        dimension,
        band,
        scored_value,
        last_month + 1 as month_number,
        -1 as customers
    from span_values
)

select * from changes
