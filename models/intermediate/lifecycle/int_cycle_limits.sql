{% set cycles = 3 %}

with

shortest_gaps as (
    select
        customer_key,
        min(gap_days) as shortest_gap_days
    from {{ ref('int_silences') }}
    group by customer_key
),

-- A median is not below the shortest gap: most silences need none to be found short.
long_silences as (
    select
        silences.customer_key,
        silences.purchase_number,
        silences.purchase_number - 1 as gaps,
        silences.silent_days,
        usual_cycles.usual_gap_days
    from {{ ref('int_silences') }} as silences
    inner join {{ ref('int_usual_cycles') }} as usual_cycles
        on silences.customer_key = usual_cycles.customer_key
    inner join shortest_gaps
        on silences.customer_key = shortest_gaps.customer_key
    where
        silences.silent_days > {{ cycles }} * {{ cycle_days(
            '(silences.purchase_number - 1)',
            'shortest_gaps.shortest_gap_days',
            'usual_cycles.usual_gap_days',
        ) }}
),

medians as (
    select
        long_silences.customer_key,
        long_silences.purchase_number,
        long_silences.gaps,
        long_silences.silent_days,
        long_silences.usual_gap_days,
        percentile_cont(0.5) within group (order by gaps.gap_days) as own_median
    from long_silences
    inner join {{ ref('int_silences') }} as gaps
        on
            long_silences.customer_key = gaps.customer_key
            and gaps.purchase_number between 2 and long_silences.purchase_number
    group by
        long_silences.customer_key,
        long_silences.purchase_number,
        long_silences.gaps,
        long_silences.silent_days,
        long_silences.usual_gap_days
),

limits as (
    select
        customer_key,
        purchase_number,
        silent_days,
        {{ cycles }} * {{ cycle_days('gaps', 'own_median', 'usual_gap_days') }}
            as limit_days
    from medians
)

select * from limits
where silent_days > limit_days
