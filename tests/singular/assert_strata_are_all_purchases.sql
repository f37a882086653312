-- The strata of a type hold every purchase once: their gaps, closed and open, are those
-- of stratum all.
{{ config(tags=['timing']) }}

with

strata as (
    select
        stratum_type,
        purchase_number,
        sum(events) as gaps,
        sum(censored) as open_gaps
    from {{ ref('repurchase_curves') }}
    where
        purchase_number is null
        or purchase_number <= {{ var('curve_purchase_numbers') }}
    group by stratum_type, purchase_number
),

types as (
    select distinct stratum_type from strata
),

everybody as (
    select * from strata
    where stratum_type = 'all'
)

select
    types.stratum_type,
    everybody.purchase_number,
    everybody.gaps as expected_gaps,
    everybody.open_gaps as expected_open_gaps,
    strata.gaps,
    strata.open_gaps
from types
cross join everybody
left join strata
    on
        types.stratum_type = strata.stratum_type
        and everybody.purchase_number is not distinct from strata.purchase_number
where
    strata.gaps is distinct from everybody.gaps
    or strata.open_gaps is distinct from everybody.open_gaps
