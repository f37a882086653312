-- How often some blocks are drawn, worked out elsewhere: the first 15 hexadecimal digits of
-- md5('replicate|block') less whole millions, as millionths, and the Poisson count whose
-- cumulative probability first exceeds them. All draws are 20162.
{{ config(tags=['prediction']) }}

with

expected as (
    -- 0.482522
    select
        1 as replicate,
        0 as block,
        1 as weight
    union all
    -- 0.834635
    select
        200,
        99,
        2
    union all
    -- 0.440314
    select
        12,
        34,
        1
    union all
    -- 0.111215
    select
        1,
        2,
        0
    union all
    -- 0.836985
    select
        1,
        4,
        2
    union all
    -- 0.956421
    select
        1,
        31,
        3
    union all
    -- 0.982410
    select
        1,
        21,
        4
    union all
    -- 0.996566
    select
        2,
        35,
        5
    union all
    -- 0.999522
    select
        8,
        10,
        6
    union all
    -- 0.999963
    select
        94,
        37,
        7
),

totals as (
    select
        count(*) as draws,
        sum(weight) as weights
    from {{ ref('int_bootstrap_weights') }}
)

select
    expected.replicate,
    expected.block,
    expected.weight,
    weights.weight as found,
    totals.weights
from expected
cross join totals
left join {{ ref('int_bootstrap_weights') }} as weights
    on
        expected.replicate = weights.replicate
        and expected.block = weights.block
where
    weights.weight is null
    or weights.weight <> expected.weight
    or totals.draws <> 20000
    or totals.weights <> 20162
