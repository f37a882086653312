with

latest as (
    select
        silences.customer_key,
        silences.gap_days as previous_gap_days,
        silences.silent_days as recency_days,
        spells.state
    from {{ ref('int_silences') }} as silences
    inner join {{ ref('int_lifecycle_spells') }} as spells
        on silences.customer_key = spells.customer_key
    where silences.returned_on is null and spells.is_current
),

churned as (
    select
        customer_key,
        definition
    from {{ ref('int_churn_spells') }}
    where returned_on is null
),

customers as (
    select
        latest.customer_key,
        observation.as_of_date,
        latest.state as lifecycle_state,
        case latest.state
            when 'reactivated' then '回流'
            when 'new' then '新客'
            when 'active' then '活跃'
            when 'at_risk' then '预警'
            when 'lapsed' then '沉睡'
            when 'lost' then '流失'
        end as lifecycle_state_zh,
        latest.previous_gap_days,
        latest.recency_days,
        churned_fixed.customer_key is not null as is_churned_fixed,
        case
            when usual_cycles.customer_key is not null
                then churned_cycle.customer_key is not null
        end as is_churned_cycle
    from latest
    left join {{ ref('int_usual_cycles') }} as usual_cycles
        on latest.customer_key = usual_cycles.customer_key
    left join churned as churned_fixed
        on
            latest.customer_key = churned_fixed.customer_key
            and churned_fixed.definition = 'fixed'
    left join churned as churned_cycle
        on
            latest.customer_key = churned_cycle.customer_key
            and churned_cycle.definition = 'cycle'
    cross join {{ ref('int_observation') }} as observation
)

select * from customers
