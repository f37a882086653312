-- The nodes of an integral sum to 1, and to the mean and the mean square of a beta
-- distribution: a / (a + c) and a (a + 1) / ((a + c) (a + c + 1)), where c is b and the
-- repeats, in MBG/NBD one more. 1e-3 leaves room for what lies beyond the last node;
-- where next to nobody drops out that is most, and the integral does without it.
{{ config(tags=['prediction']) }}

with

moments as (
    select
        origin_date,
        model,
        repeat_purchases,
        sum(weight) as weights,
        sum(weight * dropout) as mean_dropout,
        sum(weight * dropout * dropout) as mean_square
    from {{ ref('int_dropout_nodes') }}
    where not is_split
    group by origin_date, model, repeat_purchases
),

shapes as (
    select
        moments.*,
        fits.a,
        fits.b + moments.repeat_purchases
        + case when moments.model = 'mbgnbd' then 1 else 0 end as c
    from moments
    inner join {{ ref('int_fitted_models') }} as fits
        on moments.origin_date = fits.origin_date and moments.model = fits.model
)

select *
from shapes
where
    abs(weights - 1) > 1e-3
    or abs(mean_dropout * (a + c) / a - 1) > 1e-3
    or abs(mean_square * (a + c) * (a + c + 1) / a / (a + 1) - 1) > 1e-3
