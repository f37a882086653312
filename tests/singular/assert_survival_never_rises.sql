-- Survival is a probability, 1 on day 0, never rises and lies in its interval. 1e-12 is
-- for the last digits of sums of logarithms.
{{ config(tags=['timing']) }}

with

curves as (
    select
        *,
        lag(survival, 1, 1.0) over (
            partition by purchase_number, stratum_type, stratum order by day
        ) as survival_before
    from {{ ref('repurchase_curves') }}
)

select * from curves
where
    survival is null
    or survival < 0
    or survival > survival_before + 1e-12
    or (day = 0 and survival < 1)
    or (survival = 0 and at_risk > events)
    or (survival > 0 and ci_low is null)
    or ci_low < 0
    or ci_low > survival + 1e-12
    or ci_high < survival - 1e-12
    or ci_high > 1
