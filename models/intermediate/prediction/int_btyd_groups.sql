with

groups as (
    select
        origin_date,
        repeat_purchases,
        recency_days,
        age_days,
        count(*) as customers
    from {{ ref('int_btyd_statistics') }}
    group by origin_date, repeat_purchases, recency_days, age_days
)

select * from groups
