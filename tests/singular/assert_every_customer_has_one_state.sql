-- Every customer is in exactly one state on the as-of date, the one that recency and gap say.
{{ config(tags=['lifecycle']) }}

select
    customers.customer_key,
    lifecycle.lifecycle_state,
    lifecycle.recency_days
from {{ ref('fct_customers') }} as customers
full outer join {{ ref('customer_lifecycle') }} as lifecycle
    on customers.customer_key = lifecycle.customer_key
where
    customers.recency_days is distinct from lifecycle.recency_days
    or lifecycle.is_churned_fixed
    is distinct from (customers.recency_days > {{ var('lapse_days') }})
    or (customers.purchase_count = 1) is distinct from (lifecycle.previous_gap_days is null)
    or lifecycle.lifecycle_state is distinct from case
        when
            customers.recency_days <= {{ var('active_days') }}
            and lifecycle.previous_gap_days > {{ var('lapse_days') }}
            then 'reactivated'
        when
            customers.recency_days <= {{ var('active_days') }}
            and customers.purchase_count = 1
            then 'new'
        when customers.recency_days <= {{ var('active_days') }} then 'active'
        when customers.recency_days <= {{ var('lapse_days') }} then 'at_risk'
        when customers.recency_days <= {{ var('lost_days') }} then 'lapsed'
        else 'lost'
    end
