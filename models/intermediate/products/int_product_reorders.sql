with

gaps as (
    select
        product_days.product_key,
        {{ days_between(
            'product_days.purchase_date',
            'coalesce(product_days.next_date_of_product, observation.as_of_date)',
        ) }} as day,
        product_days.next_date_of_product is not null as is_closed
    from {{ ref('int_product_days') }} as product_days
    cross join {{ ref('int_observation') }} as observation
),

days as (
    select
        product_key,
        day,
        count(*) as gaps,
        count(*) filter (where is_closed) as events
    from gaps
    group by product_key, day
),

exposed as (
    select
        product_key,
        day,
        events,
        sum(events) over (partition by product_key) as closed,
        sum(events) over (partition by product_key order by day) as closed_by_day,
        cast(
            sum(gaps) over (partition by product_key order by day desc) as bigint
        ) as at_risk
    from days
),

curves as (
    select
        *,
        {{ survival(['product_key']) }} as survival
    from exposed
),

-- 1e-9 is for the last digits of a logarithm, where the survival is .5.
medians as (
    select
        product_key,
        min(day) filter (where events > 0 and closed_by_day * 2 >= closed)
            as median_reorder_days,
        min(day) filter (where survival <= 0.5 + 1e-9) as km_median_reorder_days
    from curves
    group by product_key
)

select * from medians
