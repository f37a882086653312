with

-- A cell is a number of two digits, 0 that of `none`.
segments as (
    select
        10 * r_score + f_score as cell,
        rfm_segment as segment
    from {{ ref('rfm_segment_rules') }}
    union all
    select 0, 'none'
),

spans as (
    select
        customer_key,
        first_month,
        last_month,
        monetary,
        10 * base_r_score + f_score as cell
    from {{ ref('int_rfm_scored_spans') }}
),

neighbours as (
    select
        *,
        lag(last_month) over in_sequence as previous_last_month,
        lag(cell) over in_sequence as previous_cell,
        lead(first_month) over in_sequence as next_first_month
    from spans
    window in_sequence as (partition by customer_key order by first_month)
),

-- A span is entered once, then stayed in, and left for `none` where no other follows.
steps as (
    select
        case
            when first_month = previous_last_month + 1 then previous_cell
            else 0
        end as from_cell,
        cell as to_cell,
        first_month,
        first_month as last_month,
        monetary
    from neighbours
    union all
    select
        cell as from_cell,
        cell as to_cell,
        first_month + 1 as first_month,
        last_month,
        monetary
    from neighbours
    where first_month < last_month
    union all
    select
        cell as from_cell,
        0 as to_cell,
        last_month + 1 as first_month,
        last_month + 1 as last_month,
        monetary
    from neighbours
    where coalesce(next_first_month > last_month + 1, true)
),

summed as (
    select
        from_cell,
        to_cell,
        first_month,
        last_month,
        count(*) as customers,
        sum(monetary) as net_amount
    from steps
    group by from_cell, to_cell, first_month, last_month
),

months as (
    select
        from_segments.segment as from_segment,
        to_segments.segment as to_segment,
        {{ series('summed.first_month', 'summed.last_month') }} as month_number,
        summed.customers,
        summed.net_amount
    from summed
    inner join segments as from_segments on summed.from_cell = from_segments.cell
    inner join segments as to_segments on summed.to_cell = to_segments.cell
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
