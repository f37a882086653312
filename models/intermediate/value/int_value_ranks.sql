with

-- Amounts are ranked within bands, and the bands among each other, so that no ranking
-- has to hold them all.
amounts as (
    select
        net_amount,
        {{ money_band('net_amount') }} as band,
        count(*) as customers
    from {{ ref('int_customer_values') }}
    group by net_amount
),

bands as (
    select
        band,
        sum(customers) as customers
    from amounts
    group by band
),

offsets as (
    select
        band,
        sum(customers) over (order by band desc) - customers as customers_above
    from bands
),

ranked as (
    select
        amounts.net_amount,
        amounts.customers,
        cast(
            offsets.customers_above - amounts.customers
            + sum(amounts.customers) over (
                partition by amounts.band order by amounts.net_amount desc
            ) as bigint
        ) as customers_above
    from amounts
    inner join offsets on amounts.band = offsets.band
)

select * from ranked
