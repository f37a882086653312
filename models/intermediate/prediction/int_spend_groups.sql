with

groups as (
    select
        repeats.repeat_purchases,
        repeats.repeat_spend,
        observation.as_of_date as origin_date,
        count(*) as customers
    from {{ ref('int_repeat_spend') }} as repeats
    cross join {{ ref('int_observation') }} as observation
    where repeats.repeat_spend > 0
    group by
        repeats.repeat_purchases, repeats.repeat_spend, observation.as_of_date
)

select * from groups
