-- Closed gaps are purchases less customers and open ones are the customers, over all
-- purchase numbers and in the row of all.
{{ config(tags=['timing']) }}

with

customers as (
    select
        coalesce(sum(purchase_count), 0) - count(*) as gaps,
        count(*) as open_gaps
    from {{ ref('fct_customers') }}
),

gaps as (
    select
        coalesce(sum(gaps) filter (where purchase_number is null), 0) as gaps,
        coalesce(sum(open_gaps) filter (where purchase_number is null), 0) as open_gaps,
        coalesce(sum(gaps) filter (where purchase_number is not null), 0)
            as gaps_of_numbers,
        coalesce(sum(open_gaps) filter (where purchase_number is not null), 0)
            as open_gaps_of_numbers
    from {{ ref('purchase_gaps') }}
)

select
    gaps.*,
    customers.gaps as expected_gaps,
    customers.open_gaps as expected_open_gaps
from gaps
cross join customers
where
    gaps.gaps <> customers.gaps
    or gaps.gaps_of_numbers <> customers.gaps
    or gaps.open_gaps <> customers.open_gaps
    or gaps.open_gaps_of_numbers <> customers.open_gaps
