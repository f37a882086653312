-- At risk on a day are those of the day before less its events and censorings. On day 0
-- it is everybody who reached the purchase, after the last day nobody.
{{ config(tags=['timing']) }}

with

curves as (
    select
        *,
        lead(at_risk, 1, 0) over (
            partition by purchase_number, stratum_type, stratum order by day
        ) as at_risk_next
    from {{ ref('repurchase_curves') }}
),

compared as (
    select
        curves.*,
        steps.customers_reaching
    from curves
    left join {{ ref('order_sequence') }} as steps
        on
            curves.purchase_number = steps.purchase_number
            and curves.stratum_type = 'all'
            and curves.day = 0
)

select * from compared
where
    at_risk_next <> at_risk - events - censored
    or at_risk <> coalesce(customers_reaching, at_risk)
    or (
        customers_reaching is null
        and stratum_type = 'all'
        and day = 0
        and purchase_number is not null
    )
