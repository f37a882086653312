with

metrics as (
    select
        origin_date,
        model,
        metric,
        case
            when sum(undefined) = 0
                then {{ metric_value(sum_in_order('numerator'), 'sum(denominator)') }}
        end as value
    from {{ ref('int_metric_blocks') }}
    group by origin_date, model, metric
),

replicates as (
    select
        blocks.origin_date,
        blocks.model,
        blocks.metric,
        weights.replicate,
        {{ metric_value(
            sum_in_order('blocks.numerator * weights.weight'),
            'sum(blocks.denominator * weights.weight)',
        ) }} as value
    from {{ ref('int_metric_blocks') }} as blocks
    inner join {{ ref('int_bootstrap_weights') }} as weights
        on blocks.block = weights.block
    group by
        blocks.origin_date, blocks.model, blocks.metric, weights.replicate
),

-- Of 200 replicates, the fifth and the 195th.
intervals as (
    select
        origin_date,
        model,
        metric,
        percentile_disc(0.025) within group (order by value) as ci_low,
        percentile_disc(0.975) within group (order by value) as ci_high
    from replicates
    group by origin_date, model, metric
),

sizes as (
    select
        origin_date,
        count(*) as customers
    from {{ ref('int_outcomes') }}
    group by origin_date
),

names as (
    {%- for metric in [
        'rmse', 'bias', 'poisson_deviance', 'brier', 'auc', 'top_decile_capture',
        'false_alarm_rate',
    ] %}
        select '{{ metric }}' as metric
        {{- "\n    union all" if not loop.last }}
    {%- endfor %}
),

evaluated as (
    select
        models.model,
        models.origin_date as origin,
        names.metric,
        observation.as_of_date,
        models.is_baseline,
        models.model_status,
        coalesce(sizes.customers, 0) as customers,
        metrics.value,
        case when metrics.value is not null then intervals.ci_low end as ci_low,
        case when metrics.value is not null then intervals.ci_high end as ci_high
    from {{ ref('int_judged_models') }} as models
    cross join names
    cross join {{ ref('int_observation') }} as observation
    left join sizes on models.origin_date = sizes.origin_date
    left join metrics
        on
            models.origin_date = metrics.origin_date
            and models.model = metrics.model
            and names.metric = metrics.metric
    left join intervals
        on
            models.origin_date = intervals.origin_date
            and models.model = intervals.model
            and names.metric = intervals.metric
)

select * from evaluated
