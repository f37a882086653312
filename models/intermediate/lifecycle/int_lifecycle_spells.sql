{% set active = var('active_days') %}
{% set lapse = var('lapse_days') %}
{% set lost = var('lost_days') %}

with

-- The days of silence of each stage; where limits overlap the first stage wins.
stages as (
    select
        'recent' as silence,
        0 as first_silent_day,
        {{ active }} as last_silent_day
    union all
    select 'at_risk', {{ active }} + 1, {{ lapse }}
    union all
    select 'lapsed', {{ [active, lapse] | max }} + 1, {{ lost }}
    union all
    select 'lost', {{ [active, lapse, lost] | max }} + 1, null
),

stays as (
    select
        silences.customer_key,
        case
            when stages.silence <> 'recent' then stages.silence
            when silences.gap_days > {{ lapse }} then 'reactivated'
            when silences.purchase_number = 1 then 'new'
            else 'active'
        end as state,
        {{ add_days('silences.purchase_date', 'stages.first_silent_day') }}
            as started_on,
        {{ add_days(
            'silences.purchase_date',
            'least(stages.last_silent_day, silences.silent_days)',
        ) }} as ended_on
    from {{ ref('int_silences') }} as silences
    cross join stages
    where stages.first_silent_day <= silences.silent_days
),

-- From the first month at whose end the state holds to the first at whose end it does
-- not.
spells as (
    select
        stays.customer_key,
        stays.state,
        {{ period_start("'month'", 'stays.started_on') }} as first_month,
        {{ period_start("'month'", add_days('stays.ended_on', 1)) }} as until_month,
        stays.ended_on = observation.as_of_date as is_current
    from stays
    cross join {{ ref('int_observation') }} as observation
    where stays.started_on <= stays.ended_on
)

select * from spells
where first_month < until_month or is_current
