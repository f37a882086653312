with

cuts as (
    select upper_bound as rung
    from {{ ref('int_rfm_month_bounds') }}
    where dimension = 'monetary' and upper_bound is not null
    union
    select max(monetary)
    from {{ ref('int_rfm_spans') }}
    having count(*) > 0
),

steps as (
    select
        lag(rung) over (order by rung) as lower_bound,
        rung as upper_bound
    from cuts
),

banded as (
    select
        {{ series(
            money_band('coalesce(lower_bound, 0)'), money_band('upper_bound')
        ) }} as monetary_band,
        lower_bound,
        upper_bound
    from steps
)

select * from banded
