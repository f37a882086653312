with

neighbours as (
    select
        *,
        lag(last_month) over in_sequence as previous_last_month,
        lag(base_rfm_segment) over in_sequence as previous_segment,
        lead(first_month) over in_sequence as next_first_month
    from {{ ref('int_rfm_scored_spans') }}
    window in_sequence as (partition by customer_key order by first_month)
),

-- A span is entered once, then stayed in, and left for `none` where no other follows.
steps as (
    select
        case
            when first_month = previous_last_month + 1 then previous_segment
            else 'none'
        end as from_segment,
        base_rfm_segment as to_segment,
        first_month,
        first_month as last_month,
        monetary
    from neighbours
    union all
    select
        base_rfm_segment as from_segment,
        base_rfm_segment as to_segment,
        first_month + 1 as first_month,
        last_month,
        monetary
    from neighbours
    where first_month < last_month
    union all
    select
        base_rfm_segment as from_segment,
        'none' as to_segment,
        last_month + 1 as first_month,
        last_month + 1 as last_month,
        monetary
    from neighbours
    where coalesce(next_first_month > last_month + 1, true)
),

summed as (
    select
        from_segment,
        to_segment,
        first_month,
        last_month,
        count(*) as customers,
        sum(monetary) as net_amount
    from steps
    group by from_segment, to_segment, first_month, last_month
),

months as (
    select
        from_segment,
        to_segment,
        {{ series('first_month', 'last_month') }} as month_number,
        customers,
        net_amount
    from summed
),

-- After the last snapshot nobody leaves.
migrations as (
    select
        snapshots.snapshot_month,
        months.from_segment,
        months.to_segment,
        observation.as_of_date,
        cast(sum(months.customers) as bigint) as customers,
        cast(sum(months.net_amount) as decimal(18, 2)) as net_amount
    from months
    inner join {{ ref('int_rfm_snapshots') }} as snapshots
        on months.month_number = snapshots.month_number
    cross join {{ ref('int_observation') }} as observation
    group by
        snapshots.snapshot_month,
        months.from_segment,
        months.to_segment,
        observation.as_of_date
)

select * from migrations
