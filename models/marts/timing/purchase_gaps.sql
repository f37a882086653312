with

days as (
    select
        purchase_number,
        day,
        events,
        censored,
        survival,
        sum(events) over (partition by purchase_number order by day) as closed_by_day,
        sum(events) over (partition by purchase_number) as gaps
    from {{ ref('int_survival') }}
    where stratum_type = 'all'
),

-- 1e-9 is for the last digits of a logarithm, where the survival is .75, .5 or .25.
described as (
    select
        purchase_number,
        cast(sum(events) as bigint) as gaps,
        cast(sum(censored) as bigint) as open_gaps,
        min(day) filter (where events > 0 and closed_by_day * 100 >= gaps * 10) as p10,
        min(day) filter (where events > 0 and closed_by_day * 100 >= gaps * 25) as p25,
        min(day) filter (where events > 0 and closed_by_day * 100 >= gaps * 50) as p50,
        min(day) filter (where events > 0 and closed_by_day * 100 >= gaps * 75) as p75,
        min(day) filter (where events > 0 and closed_by_day * 100 >= gaps * 90) as p90,
        {{ rate('sum(day * events)', 'sum(events)') }} as mean,
        min(day) filter (where survival <= 0.75 + 1e-9) as km_p25,
        min(day) filter (where survival <= 0.5 + 1e-9) as km_p50,
        min(day) filter (where survival <= 0.25 + 1e-9) as km_p75
    from days
    group by purchase_number
),

gaps as (
    select
        described.purchase_number,
        observation.as_of_date,
        described.gaps,
        described.open_gaps,
        described.p10,
        described.p25,
        described.p50,
        described.p75,
        described.p90,
        described.mean,
        described.km_p25,
        described.km_p50,
        described.km_p75
    from described
    cross join {{ ref('int_observation') }} as observation
)

select * from gaps
