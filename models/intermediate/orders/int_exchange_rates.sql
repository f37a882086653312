-- One row per currency and day: a rate holds until the next one.
with

periods as (
    select
        currency,
        rate,
        rate_date,
        lead(rate_date) over (partition by currency order by rate_date) as next_rate_date
    from {{ ref('exchange_rates') }}
),

offsets as (
    select
        currency,
        rate,
        rate_date as first_date,
        {{ series(0, days_between(
            'rate_date',
            "coalesce(" ~ add_days('next_rate_date', -1) ~ ", date '" ~ var('latest_order_date') ~ "')"
        )) }} as day_offset
    from periods
),

days as (
    select
        currency,
        cast(rate as decimal(18, 8)) as rate,
        {{ add_days('first_date', 'day_offset') }} as rate_date
    from offsets
)

select * from days
