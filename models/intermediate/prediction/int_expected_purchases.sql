with

repeats_and_ages as (
    select distinct
        origin_date,
        repeat_purchases,
        age_days
    from {{ ref('int_btyd_groups') }}
),

-- Models are judged by 90 days; what is further ahead is asked of the published one.
ages as (
    select
        fits.origin_date,
        fits.model,
        ages.repeat_purchases,
        ages.age_days,
        horizons.horizon_days,
        fits.r + ages.repeat_purchases as shape,
        (horizons.horizon_days / {{ double(7) }})
        / (fits.alpha + ages.age_days / {{ double(7) }}) as stretch
    from repeats_and_ages as ages
    inner join {{ ref('int_fitted_models') }} as fits
        on ages.origin_date = fits.origin_date
    inner join {{ ref('int_prediction_horizons') }} as horizons
        on ages.origin_date = horizons.origin_date
    where
        fits.model = '{{ var("prediction_model") }}'
        or horizons.horizon_days = 90
),

nodes as (
    select
        ages.*,
        nodes.is_split,
        nodes.weight,
        nodes.dropout,
        nodes.dropout * ages.stretch as step
    from ages
    inner join {{ ref('int_dropout_nodes') }} as nodes
        on
            ages.origin_date = nodes.origin_date
            and ages.model = nodes.model
            and ages.repeat_purchases = nodes.repeat_purchases
),

-- Purchases in the horizon of somebody with this chance to drop out after each, the
-- rate integrated out: (1 - (1 + dropout x stretch) ^ -shape) / dropout.
bought as (
    select
        *,
        case
            when step * greatest(shape, 1) < 0.0001
                then
                    shape * stretch * (
                        1 - (shape + 1) * step / 2 * (
                            1 - (shape + 2) * step / 3 * (1 - (shape + 3) * step / 4)
                        )
                    )
            else (1 - exp(greatest(-shape * ln(1 + step), -700))) / dropout
        end as purchases
    from nodes
),

-- Where hardly anybody drops out, what is summed is how much that takes from the
-- purchases of those who never do.
expected as (
    select
        origin_date,
        model,
        repeat_purchases,
        age_days,
        horizon_days,
        case when is_split then shape * stretch else 0 end
        + {{ sum_in_order(
            'weight'
            ~ ' * (purchases - case when is_split then shape * stretch else 0 end)'
        ) }} as expected_if_alive
    from bought
    group by
        origin_date, model, repeat_purchases, age_days, horizon_days, is_split, shape,
        stretch
)

select * from expected
