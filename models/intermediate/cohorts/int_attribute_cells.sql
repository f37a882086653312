with

cohorts as (
    select
        attribute,
        value,
        sum(new_customers) as cohort_size,
        max(last_period) as last_period
    from {{ ref('int_attribute_months') }}
    group by attribute, value
),

spine as (
    select
        attribute,
        value,
        cohort_size,
        {{ series(0, 'last_period') }} as period_number
    from cohorts
),

seen as (
    select
        attribute,
        value,
        period_number,
        sum(active_customers) as active_customers,
        sum(active_customers) filter (where period_number < periods_over)
            as eligible_active_customers,
        sum(new_repurchasers) as new_repurchasers,
        sum(orders) as orders,
        sum(net_amount) as net_amount
    from {{ ref('int_attribute_months') }}
    group by attribute, value, period_number
),

-- In its first month that is not over, a cohort leaves the eligible customers and takes
-- along all that it brought.
changes as (
    select
        attribute,
        value,
        period_number,
        new_customers,
        new_repurchasers,
        net_amount
    from {{ ref('int_attribute_months') }}
    where period_number < periods_over
    union all
    select
        attribute,
        value,
        periods_over as period_number,
        -new_customers as new_customers,
        -new_repurchasers as new_repurchasers,
        -net_amount as net_amount
    from {{ ref('int_attribute_months') }}
    where period_number < periods_over
),

eligible as (
    select
        attribute,
        value,
        period_number,
        sum(new_customers) as new_customers,
        sum(new_repurchasers) as new_repurchasers,
        sum(net_amount) as net_amount
    from changes
    group by attribute, value, period_number
),

cells as (
    select
        spine.attribute,
        spine.value,
        spine.period_number,
        cast(spine.cohort_size as bigint) as cohort_size,
        cast(sum(coalesce(eligible.new_customers, 0)) over to_date as bigint)
            as eligible_customers,
        cast(coalesce(seen.active_customers, 0) as bigint) as active_customers,
        cast(coalesce(seen.eligible_active_customers, 0) as bigint)
            as eligible_active_customers,
        cast(coalesce(seen.orders, 0) as bigint) as orders,
        cast(coalesce(seen.net_amount, 0) as decimal(18, 2)) as net_amount,
        cast(sum(coalesce(seen.new_repurchasers, 0)) over to_date as bigint)
            as repurchasers_to_date,
        cast(sum(coalesce(eligible.new_repurchasers, 0)) over to_date as bigint)
            as eligible_repurchasers,
        cast(sum(coalesce(seen.net_amount, 0)) over to_date as decimal(18, 2))
            as cumulative_net_amount,
        cast(sum(coalesce(eligible.net_amount, 0)) over to_date as decimal(18, 2))
            as eligible_cumulative_net_amount
    from spine
    left join seen
        on
            spine.attribute = seen.attribute
            and spine.value = seen.value
            and spine.period_number = seen.period_number
    left join eligible
        on
            spine.attribute = eligible.attribute
            and spine.value = eligible.value
            and spine.period_number = eligible.period_number
    window to_date as (
        partition by spine.attribute, spine.value order by spine.period_number
    )
)

select * from cells
