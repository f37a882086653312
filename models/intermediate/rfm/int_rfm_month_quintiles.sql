with

band_values as (
    select
        cut_bands.dimension,
        cut_bands.month_number,
        cut_bands.fifth,
        cut_bands.customers_below,
        cut_bands.all_customers,
        changes.scored_value,
        sum(changes.customers) as customers
    from {{ ref('int_rfm_cut_bands') }} as cut_bands
    inner join {{ ref('int_rfm_value_changes') }} as changes
        on
            cut_bands.dimension = changes.dimension
            and cut_bands.band = changes.band
            and cut_bands.month_number >= changes.month_number
    group by
        cut_bands.dimension,
        cut_bands.month_number,
        cut_bands.fifth,
        cut_bands.customers_below,
        cut_bands.all_customers,
        changes.scored_value
),

running as (
    select
        *,
        customers_below + sum(customers) over (
            partition by dimension, month_number, fifth order by scored_value
        ) as customers_up_to
    from band_values
),

-- The smallest value with at least that share of customers at or below it.
cuts as (
    select
        dimension,
        month_number,
        fifth,
        min(scored_value) as cut
    from running
    where fifth * all_customers <= 5 * customers_up_to
    group by dimension, month_number, fifth
),

-- Days are counted to the snapshot, not to the last one.
at_snapshot as (
    select
        snapshots.month_number,
        snapshots.snapshot_month,
        snapshots.days_before_end,
        cuts.fifth,
        case when cuts.dimension = 'recency' then cuts.cut - snapshots.days_before_end
        end as recency_cut,
        case when cuts.dimension = 'monetary' then cuts.cut end as monetary_cut
    from cuts
    inner join {{ ref('int_rfm_snapshots') }} as snapshots
        on cuts.month_number = snapshots.month_number
),

quintiles as (
    select
        month_number,
        snapshot_month,
        days_before_end,
        max(recency_cut) filter (where fifth = 1) as recency_1,
        max(recency_cut) filter (where fifth = 2) as recency_2,
        max(recency_cut) filter (where fifth = 3) as recency_3,
        max(recency_cut) filter (where fifth = 4) as recency_4,
        max(monetary_cut) filter (where fifth = 1) as monetary_1,
        max(monetary_cut) filter (where fifth = 2) as monetary_2,
        max(monetary_cut) filter (where fifth = 3) as monetary_3,
        max(monetary_cut) filter (where fifth = 4) as monetary_4
    from at_snapshot
    group by month_number, snapshot_month, days_before_end
)

select * from quintiles
