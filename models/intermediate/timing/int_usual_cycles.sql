with

-- Who bought a third time has two closed gaps; a shop that knows no categories is one.
gaps_of_regulars as (
    select
        gaps.customer_key,
        gaps.gap_days,
        coalesce(categories.value, '(none)') as category
    from {{ ref('int_gaps') }} as gaps
    inner join {{ ref('int_gaps') }} as third_purchases
        on
            gaps.customer_key = third_purchases.customer_key
            and third_purchases.purchase_number = 3
    left join {{ ref('int_first_attributes') }} as categories
        on
            gaps.customer_key = categories.customer_key
            and categories.attribute = 'category'
    where gaps.is_closed
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
