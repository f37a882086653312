{% set months = [
    'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August',
    'September', 'October', 'November', 'December',
] %}
{% set weekdays = [
    'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday',
] %}

with

periods as (
    {%- for month in months %}
        select
            'month' as period_type,
            cast({{ loop.index }} as bigint) as period,
            '{{ month }}' as period_name
        union all
    {%- endfor %}
    {%- for weekday in weekdays %}
        select 'weekday', {{ loop.index }}, '{{ weekday }}'
        union all
    {%- endfor %}
    select distinct 'holiday', holiday_number, holiday_name
    from {{ ref('int_holiday_ratios') }}
),

observed as (
    select
        count(*) as whole_days,
        count(distinct month_start) filter (where is_in_whole_month) as whole_months
    from {{ ref('int_observed_days') }}
),

reasoned as (
    select
        periods.*,
        coalesce(averages.orders, 0) as orders,
        coalesce(averages.net_amount, 0) as net_amount,
        coalesce(averages.cycles_used, 0) as cycles_used,
        averages.orders_index,
        averages.net_amount_index,
        case
            when periods.period_type <> 'weekday' and observed.whole_months < 24
                then 'under_24_months'
            when periods.period_type = 'weekday' and observed.whole_days < 14
                then 'under_2_cycles'
            when periods.period_type = 'holiday' and averages.cycles_used < 2
                then 'under_2_cycles'
            when averages.orders_index is null then 'under_2_cycles'
        end as reason
    from periods
    cross join observed
    left join {{ ref('int_seasonal_indexes') }} as averages
        on
            periods.period_type = averages.period_type
            and periods.period = averages.period
),

described as (
    select
        reasoned.period_type,
        reasoned.period,
        observation.as_of_date,
        reasoned.period_name,
        case when reasoned.reason is null then reasoned.orders_index end as index,
        case when reasoned.reason is null then reasoned.net_amount_index end
            as net_amount_index,
        reasoned.orders,
        cast(reasoned.net_amount as decimal(18, 2)) as net_amount,
        reasoned.cycles_used,
        reasoned.reason
    from reasoned
    cross join {{ ref('int_observation') }} as observation
)

select * from described
