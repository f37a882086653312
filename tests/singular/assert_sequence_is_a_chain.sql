-- Who goes on from a purchase reaches the next; purchase_gaps counts the same and has
-- the same median.
{{ config(tags=['timing']) }}

with

steps as (
    select
        *,
        lead(customers_reaching, 1, 0) over (order by purchase_number)
            as customers_reaching_next,
        lead(purchase_number) over (order by purchase_number) as next_purchase_number
    from {{ ref('order_sequence') }}
),

customers as (
    select count(*) as customers from {{ ref('fct_customers') }}
)

select
    steps.*,
    gaps.gaps,
    gaps.open_gaps,
    gaps.p50
from steps
left join {{ ref('purchase_gaps') }} as gaps
    on steps.purchase_number = gaps.purchase_number
cross join customers
where
    steps.customers_continuing <> steps.customers_reaching_next
    or steps.next_purchase_number <> steps.purchase_number + 1
    or (steps.purchase_number = 1 and steps.customers_reaching <> customers.customers)
    or steps.continuing_customers_180d > steps.eligible_customers_180d
    or steps.continuing_customers_180d > steps.customers_continuing
    or gaps.gaps is distinct from steps.customers_continuing
    or gaps.open_gaps <> steps.customers_reaching - steps.customers_continuing
    or gaps.p50 is distinct from steps.median_gap_days
