with

events as (
    select
        customer_key,
        first_purchase_date,
        purchase_date as event_date,
        purchase_number,
        {{ starts_period('month') }} as starts_month,
        orders,
        net_amount
    from {{ ref('int_purchases') }}
    union all
    select
        refunds.customer_key,
        first_purchases.first_purchase_date,
        refunds.booked_date as event_date,
        null as purchase_number,
        false as starts_month,
        0 as orders,
        -refunds.refund_amount as net_amount
    from {{ ref('int_refunds') }} as refunds
    inner join {{ ref('int_purchases') }} as first_purchases
        on
            refunds.customer_key = first_purchases.customer_key
            and first_purchases.purchase_number = 1
    where refunds.refund_of = 'customer'
),

months as (
    select
        customer_key,
        {{ period_start("'month'", 'first_purchase_date') }} as cohort_month,
        {{ period_number("'month'", 'first_purchase_date', 'event_date') }}
            as period_number,
        purchase_number,
        starts_month,
        orders,
        net_amount
    from events
),

counted as (
    select
        attributes.attribute,
        attributes.value,
        months.cohort_month,
        months.period_number,
        count(*) filter (where months.purchase_number = 1) as new_customers,
        count(*) filter (where months.purchase_number = 2) as new_repurchasers,
        count(*) filter (where months.starts_month) as active_customers,
        cast(sum(months.orders) as bigint) as orders,
        cast(sum(months.net_amount) as decimal(18, 2)) as net_amount
    from months
    inner join {{ ref('int_first_attributes') }} as attributes
        on months.customer_key = attributes.customer_key
    group by
        attributes.attribute,
        attributes.value,
        months.cohort_month,
        months.period_number
),

dated as (
    select
        counted.*,
        {{ period_number("'month'", 'counted.cohort_month', 'observation.as_of_date') }}
            as last_period,
        {{ period_number(
            "'month'",
            'counted.cohort_month',
            add_days('observation.as_of_date', 1),
        ) }} as periods_over
    from counted
    cross join {{ ref('int_observation') }} as observation
)

select * from dated
