with

quarters as (
    select
        purchase_number,
        {{ period_start("'quarter'", 'first_purchase_date') }} as quarter_start,
        gap_days as day,
        count(*) filter (where is_closed) as events,
        count(*) filter (where not is_closed) as censored
    from {{ ref('int_gaps') }}
    group by purchase_number, quarter_start, gap_days
),

counted as (
    select
        purchase_number,
        'all' as stratum_type,
        'all' as stratum,
        day,
        cast(sum(events) as bigint) as events,
        cast(sum(censored) as bigint) as censored
    from quarters
    group by purchase_number, day
    union all
    select
        purchase_number,
        'cohort_quarter' as stratum_type,
        {{ as_text('cast(extract(year from quarter_start) as bigint)') }}
        || case extract(month from quarter_start)
            when 1 then '-01-01'
            when 4 then '-04-01'
            when 7 then '-07-01'
            when 10 then '-10-01'
        end as stratum,
        day,
        events,
        censored
    from quarters
    union all
    select
        gaps.purchase_number,
        attributes.attribute as stratum_type,
        attributes.value as stratum,
        gaps.gap_days as day,
        count(*) filter (where gaps.is_closed) as events,
        count(*) filter (where not gaps.is_closed) as censored
    from {{ ref('int_gaps') }} as gaps
    inner join {{ ref('int_first_attributes') }} as attributes
        on
            gaps.customer_key = attributes.customer_key
            and attributes.attribute in ('channel', 'category', 'discount')
    group by
        gaps.purchase_number, attributes.attribute, attributes.value, gaps.gap_days
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
