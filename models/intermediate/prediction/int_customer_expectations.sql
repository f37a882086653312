with

alive as (
    select
        fits.*,
        customers.customer_key,
        customers.repeat_purchases,
        customers.age_days,
        {{ probability_alive(
            'fits.model', 'customers.repeat_purchases', 'customers.recency_days',
            'customers.age_days'
        ) }} as probability_alive,
        {{ repurchase_probability(
            'customers.repeat_purchases', 'customers.age_days', 90
        ) }} as repurchase_probability_90d,
        -- Days in which half of such customers who are alive have bought.
        (fits.alpha + customers.age_days / {{ double('7') }}) * 7
        * (
            exp(
                least(ln({{ double('2') }}) / (fits.r + customers.repeat_purchases), 30)
            )
            - 1
        ) as median_days_to_next
    from {{ ref('int_btyd_statistics') }} as customers
    inner join {{ ref('int_fitted_models') }} as fits
        on customers.origin_date = fits.origin_date
    inner join {{ ref('int_observation') }} as observation
        on customers.origin_date = observation.as_of_date
    where fits.model = '{{ var("prediction_model") }}'
),

expected as (
    select
        alive.customer_key,
        alive.probability_alive,
        alive.probability_alive * alive.repurchase_probability_90d
            as repurchase_probability_90d,
        alive.probability_alive * purchases.expected_30d as expected_purchases_30d,
        alive.probability_alive * purchases.expected_90d as expected_purchases_90d,
        alive.probability_alive * purchases.expected_365d as expected_purchases_365d,
        alive.probability_alive * purchases.discounted_365d as discounted_purchases,
        case
            when alive.median_days_to_next < 36500 then alive.median_days_to_next
        end as median_days_to_next
    from alive
    inner join {{ ref('int_discounted_purchases') }} as purchases
        on
            alive.origin_date = purchases.origin_date
            and alive.model = purchases.model
            and alive.repeat_purchases = purchases.repeat_purchases
            and alive.age_days = purchases.age_days
)

select * from expected
