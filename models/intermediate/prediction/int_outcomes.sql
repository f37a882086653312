{% set most_customers = 100000 %}

with

origins as (
    select * from {{ ref('int_prediction_origins') }}
    where not is_as_of_date
),

-- A hundred thousand customers say enough: of more, every n-th by key is asked.
sizes as (
    select
        origin_date,
        cast(floor((count(*) - 1) / {{ double(most_customers) }}) + 1 as bigint)
            as every_nth
    from {{ ref('int_btyd_statistics') }}
    group by origin_date
),

asked as (
    select
        customers.*,
        origins.horizon_end,
        -- Of small numbers: a key is too long for the floating point of a division.
        cast(
            mod(customers.customer_key, 100 * sizes.every_nth) / sizes.every_nth
            as bigint
        ) as block
    from {{ ref('int_btyd_statistics') }} as customers
    inner join origins on customers.origin_date = origins.origin_date
    inner join sizes on customers.origin_date = sizes.origin_date
    where mod(customers.customer_key, sizes.every_nth) = 0
),

-- What was bought in the horizon, as known when it was over.
bought as (
    select
        origins.origin_date,
        purchases.customer_key,
        1 as purchase_days
    from {{ ref('int_purchases') }} as purchases
    inner join origins
        on
            purchases.purchase_date > origins.origin_date
            and purchases.purchase_date <= origins.horizon_end
    union all
    select
        origins.origin_date,
        refunds.customer_key,
        refunds.purchase_days
    from {{ ref('int_later_refunds') }} as refunds
    inner join origins
        on
            refunds.origin_date = origins.horizon_end
            and refunds.purchase_date > origins.origin_date
),

outcomes as (
    select
        origin_date,
        customer_key,
        sum(purchase_days) as purchases
    from bought
    group by origin_date, customer_key
),

known as (
    select
        asked.*,
        cast(coalesce(outcomes.purchases, 0) as bigint) as actual_purchases
    from asked
    left join outcomes
        on
            asked.origin_date = outcomes.origin_date
            and asked.customer_key = outcomes.customer_key
)

select * from known
