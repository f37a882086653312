with

definitions as (
    select 'fixed' as definition, 1 as first_counted_purchase
    union all
    select 'cycle', 3
    union all
    select 'suggested', 1
    from {{ ref('lifecycle_limits') }}
    where suggested_days is not null
),

events as (
    select
        definitions.definition,
        purchases.purchase_date as event_date,
        1 as customers
    from {{ ref('int_purchases') }} as purchases
    inner join definitions
        on purchases.purchase_number = definitions.first_counted_purchase
    union all
    select definition, churned_on, -1 from {{ ref('int_churn_spells') }}
    union all
    select definition, returned_on, 1 from {{ ref('int_churn_spells') }}
    where returned_on is not null
),

dated as (
    select
        definition,
        {{ period_start("'month'", 'event_date') }} as month_start,
        customers
    from events
),

changes as (
    select
        definition,
        month_start,
        sum(customers) as customers
    from dated
    group by definition, month_start
),

months as (
    select period_start as month_start
    from {{ ref('int_periods') }}
    where period_type = 'month'
),

-- What happens in a month shows at the start of the next.
stocks as (
    select
        months.month_start,
        definitions.definition,
        cast(coalesce(
            sum(changes.customers) over (
                partition by definitions.definition
                order by months.month_start
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as bigint) as customers_at_start
    from months
    cross join definitions
    left join changes
        on
            months.month_start = changes.month_start
            and definitions.definition = changes.definition
)

select * from stocks
