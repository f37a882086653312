-- Accepted orders that are not excluded are exactly the purchases.
{{ config(tags=['audit', 'core']) }}

with

purchases as (
    select
        connector,
        count(*) as purchase_rows
    from {{ ref('fct_orders') }}
    group by connector
)

select
    reconciliation.connector,
    reconciliation.accepted_rows,
    reconciliation.excluded_rows,
    purchases.purchase_rows
from {{ ref('source_reconciliation') }} as reconciliation
left join purchases on reconciliation.connector = purchases.connector
where
    reconciliation.entity = 'orders'
    and reconciliation.accepted_rows - reconciliation.excluded_rows
    <> coalesce(purchases.purchase_rows, 0)
