with

stratified as (
    select
        purchase_number,
        'all' as stratum_type,
        'all' as stratum,
        gap_days,
        is_closed
    from {{ ref('int_gaps') }}
    union all
    select
        purchase_number,
        'cohort_quarter' as stratum_type,
        {{ as_text('cast(extract(year from first_purchase_date) as bigint)') }}
        || case extract(quarter from first_purchase_date)
            when 1 then '-01-01'
            when 2 then '-04-01'
            when 3 then '-07-01'
            when 4 then '-10-01'
        end as stratum,
        gap_days,
        is_closed
    from {{ ref('int_gaps') }}
    union all
    select
        gaps.purchase_number,
        attributes.attribute as stratum_type,
        attributes.value as stratum,
        gaps.gap_days,
        gaps.is_closed
    from {{ ref('int_gaps') }} as gaps
    inner join {{ ref('int_first_attributes') }} as attributes
        on
            gaps.customer_key = attributes.customer_key
            and attributes.attribute in ('channel', 'category', 'discount')
),

counted as (
    select
        purchase_number,
        stratum_type,
        stratum,
        gap_days as day,
        count(*) filter (where is_closed) as events,
        count(*) filter (where not is_closed) as censored
    from stratified
    group by purchase_number, stratum_type, stratum, gap_days
),

counted_and_pooled as (
    select * from counted
    where
        stratum_type = 'all'
        or purchase_number <= {{ var('curve_purchase_numbers') }}
    union all
    select
        cast(null as bigint) as purchase_number,
        stratum_type,
        stratum,
        day,
        cast(sum(events) as bigint) as events,
        cast(sum(censored) as bigint) as censored
    from counted
    group by stratum_type, stratum, day
)

select * from counted_and_pooled
