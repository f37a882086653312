-- Among customers whose longest window is over, a longer window never has fewer repurchasers;
-- each window counts what fct_customers says.
{{ config(tags=['cohorts']) }}

with

counted as (
    select
        rates.window_days,
        rates.eligible_customers,
        rates.repurchasers,
        count(customers.customer_key) as eligible_again,
        count(*) filter (
            where customers.second_purchase_date
            <= {{ add_days('customers.first_purchase_date', 'rates.window_days') }}
        ) as repurchasers_again,
        count(*) filter (
            where customers.second_purchase_date
            <= {{ add_days('customers.first_purchase_date', 'rates.window_days') }}
            and customers.tenure_days >= longest.window_days
        ) as on_common_set
    from {{ ref('repurchase_rates') }} as rates
    cross join (
        select max(window_days) as window_days from {{ ref('repurchase_rates') }}
    ) as longest
    left join {{ ref('fct_customers') }} as customers
        on customers.tenure_days >= rates.window_days
    where rates.cohort_start is null
    group by rates.window_days, rates.eligible_customers, rates.repurchasers
),

compared as (
    select
        *,
        lag(on_common_set) over (order by window_days) as shorter_window
    from counted
)

select * from compared
where
    eligible_customers <> eligible_again
    or repurchasers <> repurchasers_again
    or on_common_set < shorter_window
