-- Every month, weekday and holiday is there, with an index or a reason; the indexes of the months
-- and those of the weekdays have mean 1.
{{ config(tags=['value']) }}

with

counted as (
    select
        period_type,
        count(*) as periods,
        count(distinct period) as numbers,
        min(period) as first_period,
        max(period) as last_period,
        avg(index) as mean_index,
        avg(net_amount_index) as mean_net_amount_index,
        count(*) filter (where (index is null) = (reason is null)) as unexplained,
        count(*) filter (where net_amount_index is not null and reason is not null)
            as too_much
    from {{ ref('seasonality') }}
    group by period_type
),

expected as (
    select 'month' as period_type, 12 as periods
    union all
    select 'weekday', 7
    union all
    select 'holiday', count(distinct holiday_name) from {{ ref('holidays') }}
    having count(distinct holiday_name) > 0
)

select
    expected.period_type as expected_type,
    counted.*
from expected
full outer join counted on expected.period_type = counted.period_type
where
    expected.periods is distinct from counted.periods
    or expected.periods <> counted.numbers
    or expected.periods <> counted.last_period
    or counted.first_period <> 1
    or counted.unexplained > 0
    or counted.too_much > 0
    or (expected.period_type <> 'holiday' and abs(counted.mean_index - 1) > 1e-9)
    or (
        expected.period_type <> 'holiday'
        and abs(counted.mean_net_amount_index - 1) > 1e-9
    )
