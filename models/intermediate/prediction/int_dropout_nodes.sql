{% set position = "cast(node as " ~ column_type('double') ~ ") / 12" %}

with

nodes as (
    select {{ series(-90, 90) }} as node
),

positions as (
    select
        (exp({{ position }}) - exp(-{{ position }})) / 2 as sinh,
        (exp({{ position }}) + exp(-{{ position }})) / 2 as cosh
    from nodes
),

repeats as (
    select distinct
        origin_date,
        repeat_purchases
    from {{ ref('int_btyd_groups') }}
),

-- The chance to drop out after a purchase, given the repeats, is Beta(a, b_after).
shapes as (
    select
        fits.origin_date,
        fits.model,
        repeats.repeat_purchases,
        fits.a,
        fits.b + repeats.repeat_purchases
        + case when fits.model = 'bgnbd' then 0 else 1 end as b_after
    from {{ ref('int_fitted_models') }} as fits
    inner join repeats on fits.origin_date = repeats.origin_date
),

widths as (
    select
        *,
        least(4, 2 * sqrt(1 / a + 1 / b_after)) as width,
        {{ log_gamma('(a + b_after)') }} - {{ log_gamma('a') }}
        - {{ log_gamma('b_after') }} as log_scale
    from shapes
),

logits as (
    select
        widths.*,
        ln(widths.a / widths.b_after) + widths.width * positions.sinh as logit,
        widths.width * positions.cosh / 12 as spacing
    from widths
    cross join positions
),

logs as (
    select
        *,
        least(logit, 0) - ln(1 + exp(greatest(-abs(logit), -700))) as log_dropout
    from logits
),

weighted as (
    select
        origin_date,
        model,
        repeat_purchases,
        a < 0.1 as is_split,
        exp(greatest(log_dropout, -700)) as dropout,
        spacing * exp(greatest(
            log_scale + a * log_dropout + b_after * (log_dropout - logit), -600
        )) as weight
    from logs
),

-- Far out only where a or b is small.
heavy as (
    select * from weighted
    where weight > 1e-20
)

select * from heavy
