{% set z = 1.959963984540054 %}

with

customers as (
    select
        customers.customer_key,
        lifecycle.is_churned_fixed
    from {{ ref('fct_customers') }} as customers
    inner join {{ ref('customer_lifecycle') }} as lifecycle
        on customers.customer_key = lifecycle.customer_key
    where customers.tenure_days > {{ var('lapse_days') }}
),

counted as (
    select
        attributes.attribute,
        attributes.value,
        count(*) as customers,
        count(*) filter (where customers.is_churned_fixed) as lapsed,
        count(*) filter (where not customers.is_churned_fixed) as retained
    from customers
    inner join {{ ref('int_first_attributes') }} as attributes
        on customers.customer_key = attributes.customer_key
    group by attributes.attribute, attributes.value
),

totals as (
    select
        attribute,
        cast(sum(lapsed) as bigint) as lapsed,
        cast(sum(retained) as bigint) as retained
    from counted
    group by attribute
),

compared as (
    select
        counted.*,
        totals.lapsed - counted.lapsed as other_lapsed,
        totals.retained - counted.retained as other_retained
    from counted
    inner join totals on counted.attribute = totals.attribute
),

-- Where one of the four counts is 0 they all get a half more.
corrected as (
    select
        *,
        case
            when least(lapsed, retained, other_lapsed, other_retained) = 0 then 0.5
            else 0
        end as correction
    from compared
),

cells as (
    select
        attribute,
        value,
        cast(lapsed + correction as {{ column_type('double') }}) as lapsed,
        cast(retained + correction as {{ column_type('double') }}) as retained,
        cast(other_lapsed + correction as {{ column_type('double') }}) as other_lapsed,
        cast(other_retained + correction as {{ column_type('double') }})
            as other_retained
    from corrected
    -- A value that all customers share has nobody to be compared with.
    where other_lapsed + other_retained > 0
),

odds as (
    select
        attribute,
        value,
        lapsed * other_retained / (retained * other_lapsed) as odds_ratio,
        {{ z }} * sqrt(
            1 / lapsed + 1 / retained + 1 / other_lapsed + 1 / other_retained
        ) as margin
    from cells
),

rated as (
    select
        compared.attribute as feature,
        compared.value,
        observation.as_of_date,
        compared.customers,
        compared.lapsed,
        compared.retained,
        {{ rate('compared.lapsed', 'compared.customers') }} as lapsed_rate,
        {{ wilson_low('compared.lapsed', 'compared.customers') }} as lapsed_ci_low,
        {{ wilson_high('compared.lapsed', 'compared.customers') }} as lapsed_ci_high,
        odds.odds_ratio,
        odds.odds_ratio * exp(-odds.margin) as ci_low,
        odds.odds_ratio * exp(odds.margin) as ci_high
    from compared
    left join odds
        on compared.attribute = odds.attribute and compared.value = odds.value
    cross join {{ ref('int_observation') }} as observation
)

select * from rated
