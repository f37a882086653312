{#- How often a block of customers is drawn in a replicate: Poisson with mean 1, from
    the hash of both, so that every engine and run draws the same. -#}
{% set counts = [
    0.36787944117, 0.73575888234, 0.91969860293, 0.98101184312, 0.99634015317,
    0.99940581518, 0.99991675885
] %}

with

blocks as (
    select {{ series(0, 99) }} as block
),

replicates as (
    select {{ series(1, 200) }} as replicate
),

draws as (
    select
        blocks.block,
        replicates.replicate,
        mod(
            {{ hash_key(
                as_text('replicates.replicate') ~ " || '|' || " ~ as_text('blocks.block')
            ) }},
            1000000
        ) / {{ double('1000000') }} as draw
    from blocks
    cross join replicates
),

weights as (
    select
        block,
        replicate,
        case
            {%- for count in counts %}
                when draw < {{ count }} then {{ loop.index0 }}
            {%- endfor %}
            else 7
        end as weight
    from draws
)

select * from weights
