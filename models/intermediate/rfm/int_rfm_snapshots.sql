with

months as (
    select
        period_start as snapshot_month,
        {{ add_days(
            period_start("'month'", add_days('period_start', 31)), -1
        ) }} as snapshot_date
    from {{ ref('int_periods') }}
    where period_type = 'month'
),

months_over as (
    select
        months.snapshot_month,
        months.snapshot_date
    from months
    inner join {{ ref('int_observation') }} as observation
        on months.snapshot_date <= observation.as_of_date
),

ends as (
    select
        min(snapshot_month) as first_snapshot_month,
        max(snapshot_date) as last_snapshot_date
    from months_over
),

snapshots as (
    select
        {{ period_number(
            "'month'", 'ends.first_snapshot_month', 'months_over.snapshot_month'
        ) }} as month_number,
        months_over.snapshot_month,
        months_over.snapshot_date,
        {{ days_between('months_over.snapshot_date', 'ends.last_snapshot_date') }}
            as days_before_end
    from months_over
    cross join ends
)

select * from snapshots
