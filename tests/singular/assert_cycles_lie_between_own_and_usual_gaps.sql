-- A cycle is given from two gaps on, lies between the customer's own median and the
-- usual gap, and the next purchase is expected that long after the last.
{{ config(tags=['timing']) }}

with

cycles as (
    select
        customers.customer_key,
        customers.purchase_count,
        cycles.gaps,
        cycles.median_gap_days,
        cycles.usual_gap_days,
        cycles.cycle_days,
        cycles.overdue_ratio,
        {{ days_between(
            'customers.last_purchase_date', 'cycles.expected_next_purchase_date'
        ) }} as expected_days
    from {{ ref('fct_customers') }} as customers
    left join {{ ref('purchase_cycles') }} as cycles
        on customers.customer_key = cycles.customer_key
)

select * from cycles
where
    gaps is distinct from purchase_count - 1
    or (cycle_days is not null) <> (gaps >= 2)
    or (overdue_ratio is not null) <> (gaps >= 2)
    or cycle_days < least(median_gap_days, usual_gap_days) - 1e-9
    or cycle_days > greatest(median_gap_days, usual_gap_days) + 1e-9
    or expected_days not between cycle_days - 0.5 and cycle_days + 0.5
