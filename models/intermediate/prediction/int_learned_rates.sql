-- What the customers of a cell did in the horizon that ended on the origin.
with

sums as (
    select
        origin_date,
        model,
        cell,
        count(*) as customers,
        sum(actual_purchases) as purchases,
        count(*) filter (where actual_purchases > 0) as buyers
    from {{ ref('int_outcome_cells') }}
    group by origin_date, model, cell
),

rates as (
    select
        origins.horizon_end as origin_date,
        sums.model,
        sums.cell,
        {{ rate('sums.purchases', 'sums.customers') }} as expected_purchases,
        {{ rate('sums.buyers', 'sums.customers') }} as repurchase_probability
    from sums
    inner join {{ ref('int_prediction_origins') }} as origins
        on sums.origin_date = origins.origin_date
)

select * from rates
