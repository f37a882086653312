with

whole_months as (
    select
        month_start,
        cast(sum(orders) as bigint) as orders,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount
    from {{ ref('int_observed_days') }}
    where is_in_whole_month
    group by month_start
),

-- Two years, half a month early and late: together each end weighs half.
months as (
    select
        month_start,
        orders,
        net_amount,
        count(*) over early + count(*) over late as months_around,
        sum(orders) over early + sum(orders) over late as orders_around,
        sum(net_amount) over early + sum(net_amount) over late as net_amount_around
    from whole_months
    window
        early as (order by month_start rows between 6 preceding and 5 following),
        late as (order by month_start rows between 5 preceding and 6 following)
),

ratios as (
    select
        month_start,
        cast(extract(month from month_start) as bigint) as month_number,
        orders,
        net_amount,
        case
            when months_around = 24 then {{ rate('24 * orders', 'orders_around') }}
        end as orders_ratio,
        case
            when months_around = 24
                then {{ rate('24 * net_amount', 'net_amount_around') }}
        end as net_amount_ratio
    from months
)

select * from ratios
