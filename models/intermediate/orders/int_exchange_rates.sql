with

rates as (
    select
        currency,
        rate,
        rate_date,
        lead(rate_date) over (partition by currency order by rate_date) as next_date
    from {{ ref('exchange_rates') }}
),

spans as (
    select
        currency,
        rate,
        rate_date as first_date,
        coalesce({{ add_days('next_date', -1) }}, {{ date_var('latest_order_date') }})
            as last_date
    from rates
),

offsets as (
    select
        currency,
        rate,
        first_date,
        {{ series(0, days_between('first_date', 'last_date')) }} as day_offset
    from spans
),

days as (
    select
        currency,
        cast(rate as decimal(18, 8)) as rate,
        {{ add_days('first_date', 'day_offset') }} as rate_date
    from offsets
)

select * from days
