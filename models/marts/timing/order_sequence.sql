with

purchases as (
    select
        purchases.purchase_number,
        purchases.orders,
        purchases.net_amount,
        {{ days_between('purchases.purchase_date', 'purchases.next_purchase_date') }}
            as gap_days,
        {{ days_between('purchases.purchase_date', 'observation.as_of_date') }}
        >= 180 as is_eligible
    from {{ ref('int_purchases') }} as purchases
    cross join {{ ref('int_observation') }} as observation
),

counted as (
    select
        purchase_number,
        count(*) as customers_reaching,
        count(gap_days) as customers_continuing,
        count(*) filter (where is_eligible) as eligible_customers_180d,
        count(*) filter (where is_eligible and gap_days <= 180)
            as continuing_customers_180d,
        cast(percentile_disc(0.5) within group (order by gap_days) as bigint)
            as median_gap_days,
        {{ average_amount('sum(net_amount)', 'sum(orders)') }} as average_order_value
    from purchases
    group by purchase_number
),

rated as (
    select
        counted.purchase_number,
        observation.as_of_date,
        counted.customers_reaching,
        counted.customers_continuing,
        {{ rate('counted.customers_continuing', 'counted.customers_reaching') }}
            as continuation_rate,
        {{ wilson_low('counted.customers_continuing', 'counted.customers_reaching') }}
            as continuation_ci_low,
        {{ wilson_high('counted.customers_continuing', 'counted.customers_reaching') }}
            as continuation_ci_high,
        counted.eligible_customers_180d,
        counted.continuing_customers_180d,
        {{ rate(
            'counted.continuing_customers_180d', 'counted.eligible_customers_180d'
        ) }} as continuation_rate_180d,
        {{ wilson_low(
            'counted.continuing_customers_180d', 'counted.eligible_customers_180d'
        ) }} as continuation_180d_ci_low,
        {{ wilson_high(
            'counted.continuing_customers_180d', 'counted.eligible_customers_180d'
        ) }} as continuation_180d_ci_high,
        counted.eligible_customers_180d = counted.customers_reaching as is_mature_180d,
        counted.median_gap_days,
        counted.average_order_value
    from counted
    cross join {{ ref('int_observation') }} as observation
)

select * from rated
