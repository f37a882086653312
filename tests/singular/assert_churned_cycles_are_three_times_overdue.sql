-- Churned by cycle are the customers whose recency is longer than three cycles; the others have no
-- cycle or are not churned.
{{ config(tags=['lifecycle', 'timing']) }}

select
    lifecycle.customer_key,
    lifecycle.recency_days,
    cycles.cycle_days,
    lifecycle.is_churned_cycle
from {{ ref('customer_lifecycle') }} as lifecycle
left join {{ ref('purchase_cycles') }} as cycles
    on lifecycle.customer_key = cycles.customer_key
where
    lifecycle.is_churned_cycle
    is distinct from (lifecycle.recency_days > 3 * cycles.cycle_days)
