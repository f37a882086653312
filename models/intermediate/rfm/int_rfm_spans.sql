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
        ends.last_snapshot_date,
        ends.last_month_number,
        {{ period_number(
            "'month'", 'ends.first_snapshot_month', 'changes.event_date'
        ) }} as month_number
    from changes
    inner join ends on changes.event_date <= ends.last_snapshot_date
),

months as (
    select
        customer_key,
        month_number,
        last_snapshot_date,
        last_month_number,
        max(purchase_date) as purchase_date,
        sum(frequency) as frequency,
        sum(monetary) as monetary
    from numbered
    group by customer_key, month_number, last_snapshot_date, last_month_number
),

spans as (
    select
        customer_key,
        month_number as first_month,
        coalesce(lead(month_number) over in_sequence - 1, last_month_number)
            as last_month,
        {{ days_between(
            'max(purchase_date) over in_sequence', 'last_snapshot_date'
        ) }} as recency_at_end,
        cast(sum(frequency) over in_sequence as bigint) as frequency,
        cast(sum(monetary) over in_sequence as decimal(18, 2)) as monetary
    from months
    window in_sequence as (partition by customer_key order by month_number)
),

banded as (
    select
        *,
        {{ money_band('monetary') }} as monetary_band
    from spans
    where frequency > 0
)

select * from banded
