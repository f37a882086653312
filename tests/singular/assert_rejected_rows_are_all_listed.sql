-- rejected_rows holds as many rows as source_reconciliation counts.
{{ config(tags=['audit']) }}

with

listed as (
    select
        connector,
        entity,
        count(*) as listed_rows
    from {{ ref('rejected_rows') }}
    group by connector, entity
)

select
    reconciliation.connector,
    reconciliation.entity,
    reconciliation.rejected_rows,
    listed.listed_rows
from {{ ref('source_reconciliation') }} as reconciliation
full outer join listed
    on reconciliation.connector = listed.connector and reconciliation.entity = listed.entity
where reconciliation.rejected_rows is distinct from coalesce(listed.listed_rows, 0)
