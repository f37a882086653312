-- Migrations into a segment are its customers and net amount at the snapshot, those out
-- of it its customers at the snapshot before.
{{ config(tags=['rfm']) }}

with

months as (
    select
        month_number,
        snapshot_month,
        lead(snapshot_month) over (order by month_number) as next_snapshot_month
    from {{ ref('int_rfm_snapshots') }}
),

-- Runs with the same ends count together: no customer has a row for each month.
runs as (
    select
        base_rfm_segment as segment,
        valid_from_month,
        valid_to_month,
        count(*) as customers
    from {{ ref('rfm_history') }}
    group by base_rfm_segment, valid_from_month, valid_to_month
),

spans as (
    select
        rules.rfm_segment as segment,
        scored.first_month,
        scored.last_month,
        sum(scored.monetary) as net_amount
    from {{ ref('int_rfm_scored_spans') }} as scored
    inner join {{ ref('rfm_segment_rules') }} as rules
        on scored.base_r_score = rules.r_score and scored.f_score = rules.f_score
    group by rules.rfm_segment, scored.first_month, scored.last_month
),

customers_then as (
    select
        months.snapshot_month,
        months.next_snapshot_month,
        runs.segment,
        sum(runs.customers) as customers
    from months
    inner join runs
        on
            months.snapshot_month >= runs.valid_from_month
            and months.snapshot_month
            <= coalesce(runs.valid_to_month, months.snapshot_month)
    group by months.snapshot_month, months.next_snapshot_month, runs.segment
),

counted as (
    select 'into' as side, snapshot_month, segment, customers as total
    from customers_then
    union all
    select 'out of', next_snapshot_month, segment, customers
    from customers_then
    where next_snapshot_month is not null
    union all
    select 'money into', months.snapshot_month, spans.segment, sum(spans.net_amount)
    from months
    inner join spans
        on months.month_number between spans.first_month and spans.last_month
    group by months.snapshot_month, spans.segment
),

migrated as (
    select
        'into' as side,
        snapshot_month,
        to_segment as segment,
        sum(customers) as total
    from {{ ref('rfm_migrations') }}
    where to_segment <> 'none'
    group by snapshot_month, to_segment
    union all
    select 'out of', snapshot_month, from_segment, sum(customers)
    from {{ ref('rfm_migrations') }}
    where from_segment <> 'none'
    group by snapshot_month, from_segment
    union all
    select 'money into', snapshot_month, to_segment, sum(net_amount)
    from {{ ref('rfm_migrations') }}
    where to_segment <> 'none'
    group by snapshot_month, to_segment
),

differences as (
    select
        coalesce(counted.side, migrated.side) as side,
        coalesce(counted.snapshot_month, migrated.snapshot_month) as snapshot_month,
        coalesce(counted.segment, migrated.segment) as segment,
        counted.total as total_counted,
        migrated.total as total_migrated
    from counted
    full outer join migrated
        on
            counted.side = migrated.side
            and counted.snapshot_month = migrated.snapshot_month
            and counted.segment = migrated.segment
)

select * from differences
where coalesce(total_counted <> total_migrated, true)
