with

closed_gaps as (
    select
        customer_key,
        gap_days,
        count(*) over (partition by customer_key) as gaps
    from {{ ref('int_gaps') }}
    where is_closed
),

-- A shop that knows no categories is one.
gaps_of_regulars as (
    select
        closed_gaps.customer_key,
        closed_gaps.gap_days,
        coalesce(categories.value, '(none)') as category
    from closed_gaps
    left join {{ ref('int_first_attributes') }} as categories
        on
            closed_gaps.customer_key = categories.customer_key
            and categories.attribute = 'category'
    where closed_gaps.gaps >= 2
),

shop as (
    select percentile_disc(0.5) within group (order by gap_days) as usual_gap_days
    from gaps_of_regulars
),

categories as (
    select
        category,
        percentile_disc(0.5) within group (order by gap_days) as usual_gap_days
    from gaps_of_regulars
    group by category
    having count(*) >= 30
),

regulars as (
    select distinct
        customer_key,
        category
    from gaps_of_regulars
),

usual_cycles as (
    select
        regulars.customer_key,
        cast(coalesce(categories.usual_gap_days, shop.usual_gap_days) as bigint)
            as usual_gap_days
    from regulars
    left join categories on regulars.category = categories.category
    cross join shop
)

select * from usual_cycles
