{% set rate_factor = double(1 + var('clv_monthly_discount_rate')) %}

with

months as (
    select
        expected.*,
        lag(expected.expected_if_alive) over (
            partition by
                expected.origin_date,
                expected.model,
                expected.repeat_purchases,
                expected.age_days
            order by expected.horizon_days
        ) as expected_before
    from {{ ref('int_expected_purchases') }} as expected
),

-- The year's last five days come after twelve months of 30.
described as (
    select
        origin_date,
        model,
        repeat_purchases,
        age_days,
        max(expected_if_alive) filter (where horizon_days = 30) as expected_30d,
        max(expected_if_alive) filter (where horizon_days = 90) as expected_90d,
        max(expected_if_alive) filter (where horizon_days = 365) as expected_365d,
        {{ sum_in_order(
            '(expected_if_alive - coalesce(expected_before, 0))'
            ~ ' * exp(-ln(' ~ rate_factor ~ ') * horizon_days / 30)'
        ) }} as discounted_365d
    from months
    group by origin_date, model, repeat_purchases, age_days
)

select * from described
