{% set days = var('rfm_lookback_days') %}

with

ends as (
    select
        min(snapshot_month) as first_snapshot_month,
        max(snapshot_date) as last_snapshot_date,
        max(month_number) as last_month_number
    from {{ ref('int_rfm_snapshots') }}
),

-- What leaves the look-back is taken off again on the first day without it.
changes as (
    select
        customer_key,
        event_date,
        purchase_date,
        frequency,
        monetary
    from {{ ref('int_rfm_events') }}
    {% if days -%}
    union all
    select
        customer_key,
        {{ add_days('event_date', days) }} as event_date,
        purchase_date,
        -frequency as frequency,
        -monetary as monetary
    from {{ ref('int_rfm_events') }}
    {%- endif %}
),

numbered as (
    select
        changes.*,
        {{ period_number(
            "'month'", 'ends.first_snapshot_month', 'changes.event_date'
        ) }} as month_number
    from changes
    inner join ends on changes.event_date <= ends.last_snapshot_date
),

to_date as (
    select
        customer_key,
        month_number,
        lead(month_number) over in_sequence as next_month_number,
        max(purchase_date) over in_sequence as last_purchase_date,
        sum(frequency) over in_sequence as frequency,
        sum(monetary) over in_sequence as monetary
    from numbered
    window in_sequence as (partition by customer_key order by event_date)
),

-- The last change in a month has all of the month: those of one day have equal sums.
spans as (
    select
        to_date.customer_key,
        to_date.month_number as first_month,
        coalesce(to_date.next_month_number - 1, ends.last_month_number) as last_month,
        {{ days_between('to_date.last_purchase_date', 'ends.last_snapshot_date') }}
            as recency_at_end,
        cast(to_date.frequency as bigint) as frequency,
        cast(to_date.monetary as decimal(18, 2)) as monetary
    from to_date
    cross join ends
    where
        to_date.frequency > 0
        and coalesce(to_date.next_month_number > to_date.month_number, true)
),

banded as (
    select
        *,
        {{ money_band('monetary') }} as monetary_band
    from spans
)

select * from banded
