with

models as (
    select 'bgnbd' as model
    union all
    select 'mbgnbd'
),

buyers as (
    select
        origin_date,
        cast(sum(customers) as bigint) as customers,
        min(repeat_purchases) < max(repeat_purchases) as is_varied
    from {{ ref('int_btyd_groups') }}
    group by origin_date
),

spenders as (
    select
        origin_date,
        cast(sum(customers) as bigint) as customers,
        count(distinct repeat_spend) > 1 as is_varied,
        ln({{ sum_of_doubles('repeat_spend * customers') }} / sum(customers))
            as log_mean_spend
    from {{ ref('int_spend_groups') }}
    group by origin_date
),

origins as (
    select
        origins.*,
        coalesce(
            buyers.customers >= {{ var('prediction_minimum_customers') }}
            and {{ days_between('origins.observation_start', 'origins.origin_date') }}
            >= {{ var('prediction_minimum_days') }},
            false
        ) as is_enough
    from {{ ref('int_prediction_origins') }} as origins
    left join buyers on origins.origin_date = buyers.origin_date
    where origins.is_as_of_date or origins.is_evaluated
),

fits as (
    select
        origins.origin_date,
        models.model,
        origins.is_enough,
        buyers.customers,
        buyers.is_varied,
        null as log_mean_spend
    from origins
    left join buyers on origins.origin_date = buyers.origin_date
    cross join models
    union all
    select
        origins.origin_date,
        'gamma_gamma' as model,
        origins.is_enough,
        spenders.customers,
        spenders.is_varied,
        spenders.log_mean_spend
    from origins
    left join spenders on origins.origin_date = spenders.origin_date
    where origins.is_as_of_date
),

-- Without differences between customers a likelihood has no summit.
wanted as (
    select
        origin_date,
        model,
        coalesce(customers, 0) as customers,
        cast(log_mean_spend as {{ column_type('double') }}) as log_mean_spend,
        case
            when not is_enough then 'insufficient_data'
            when not coalesce(is_varied, false) then 'degenerate_data'
            else 'to_fit'
        end as fit_status
    from fits
)

select * from wanted
