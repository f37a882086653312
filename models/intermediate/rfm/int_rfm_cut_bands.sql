with

changes as (
    select
        dimension,
        band,
        month_number,
        sum(customers) as customers
    from {{ ref('int_rfm_value_changes') }}
    group by dimension, band, month_number
),

bands as (
    select
        dimension,
        band,
        min(month_number) as first_month,
        max(month_number) as last_month
    from changes
    group by dimension, band
),

band_months as (
    select
        dimension,
        band,
        {{ series('first_month', 'last_month') }} as month_number
    from bands
),

counted as (
    select
        band_months.dimension,
        band_months.band,
        band_months.month_number,
        sum(coalesce(changes.customers, 0)) over (
            partition by band_months.dimension, band_months.band
            order by band_months.month_number
        ) as customers
    from band_months
    left join changes
        on
            band_months.dimension = changes.dimension
            and band_months.band = changes.band
            and band_months.month_number = changes.month_number
),

running as (
    select
        dimension,
        band,
        month_number,
        customers,
        sum(customers) over (
            partition by dimension, month_number order by band
        ) as customers_up_to,
        sum(customers) over (partition by dimension, month_number) as all_customers
    from counted
),

fifths as (
    select 1 as fifth
    union all
    select 2
    union all
    select 3
    union all
    select 4
),

cut_bands as (
    select
        running.dimension,
        running.month_number,
        fifths.fifth,
        running.band,
        cast(running.customers_up_to - running.customers as bigint)
            as customers_below,
        cast(running.all_customers as bigint) as all_customers
    from running
    inner join fifths
        on
            5 * (running.customers_up_to - running.customers)
            < fifths.fifth * running.all_customers
            and fifths.fifth * running.all_customers <= 5 * running.customers_up_to
)

select * from cut_bands
