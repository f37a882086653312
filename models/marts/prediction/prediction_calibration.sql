with

deciles as (
    select
        *,
        cast(floor(
            10 * (customers_above + customers / {{ double('2') }}) / all_customers
        ) as bigint) + 1 as decile
    from {{ ref('int_prediction_ranks') }}
),

calibration as (
    select
        deciles.model,
        deciles.origin_date as origin,
        deciles.decile,
        observation.as_of_date,
        cast(sum(deciles.customers) as bigint) as customers,
        {{ rate(
            sum_in_order('deciles.expected_purchases * deciles.customers'),
            'sum(deciles.customers)',
        ) }} as predicted,
        {{ rate('sum(deciles.purchases)', 'sum(deciles.customers)') }} as actual
    from deciles
    cross join {{ ref('int_observation') }} as observation
    group by
        deciles.model, deciles.origin_date, deciles.decile, observation.as_of_date
)

select * from calibration
