with

totals as (
    select
        cast(sum(customers) as bigint) as customers,
        sum(net_amount * customers) as net_amount,
        sum({{ cents('net_amount') }} * customers) as cents
    from {{ ref('int_value_ranks') }}
),

-- Over ascending ranks, those of equal amounts at their mean; doubled, so that all is
-- whole and sums are the same in any order.
weighted as (
    select
        sum(
            {{ cents('ranks.net_amount') }} * ranks.customers
            * (2 * (totals.customers - ranks.customers_above) - ranks.customers + 1)
        ) as doubled_rank_cents
    from {{ ref('int_value_ranks') }} as ranks
    cross join totals
),

ginis as (
    select
        totals.customers,
        totals.net_amount,
        {{ rate(
            '(weighted.doubled_rank_cents - (totals.customers + 1) * totals.cents)',
            'totals.customers * totals.cents',
        ) }} as gini
    from totals
    cross join weighted
),

numbers as (
    select
        customers as all_customers,
        {{ series(1, 10) }} as decile
    from totals
    where customers > 0
),

-- Ranks above the decile, and with it.
bounds as (
    select
        decile,
        cast(ceil((decile - 1) * all_customers / 10.0) as bigint) as customers_above,
        cast(ceil(decile * all_customers / 10.0) as bigint) as last_rank
    from numbers
),

-- Customers of equal amount may belong to two deciles or more.
parts as (
    select
        bounds.decile,
        ranks.net_amount,
        least(ranks.customers_above + ranks.customers, bounds.last_rank)
        - greatest(ranks.customers_above, bounds.customers_above) as customers
    from bounds
    inner join {{ ref('int_value_ranks') }} as ranks
        on
            bounds.last_rank > ranks.customers_above
            and bounds.customers_above < ranks.customers_above + ranks.customers
),

amounts as (
    select
        decile,
        sum(net_amount * customers) as net_amount
    from parts
    group by decile
),

deciles as (
    select
        bounds.decile,
        observation.as_of_date,
        bounds.last_rank - bounds.customers_above as customers,
        cast(coalesce(amounts.net_amount, 0) as decimal(18, 2)) as net_amount,
        {{ rate('coalesce(amounts.net_amount, 0)', 'ginis.net_amount') }}
            as revenue_share,
        {{ rate(
            'sum(amounts.net_amount) over (order by bounds.decile)', 'ginis.net_amount'
        ) }} as cumulative_share,
        ginis.gini
    from bounds
    left join amounts on bounds.decile = amounts.decile
    cross join ginis
    cross join {{ ref('int_observation') }} as observation
)

select * from deciles
