{#- Twice the customers without a purchase whom a buyer beats, ties as halves: a whole
    number, whose sum is the same in whatever order the rows come. -#}
{% set twice_beaten -%}
    (
        2 * (all_customers - all_buyers - customers_above + buyers_above)
        - (customers - buyers)
    )
{%- endset %}

-- Customers of one prediction share a rank.
with

levels as (
    select
        origin_date,
        model,
        expected_purchases,
        count(*) as customers,
        count(*) filter (where actual_purchases > 0) as buyers,
        cast(sum(actual_purchases) as bigint) as purchases
    from {{ ref('int_past_predictions') }}
    group by origin_date, model, expected_purchases
),

ranked as (
    select
        *,
        cast(sum(customers) over downwards as bigint) - customers as customers_above,
        cast(sum(buyers) over downwards as bigint) - buyers as buyers_above,
        cast(sum(customers) over (partition by origin_date, model) as bigint)
            as all_customers,
        cast(sum(buyers) over (partition by origin_date, model) as bigint) as all_buyers
    from levels
    window downwards as (
        partition by origin_date, model
        order by expected_purchases desc
        rows between unbounded preceding and current row
    )
),

-- Of each rank: the share of the other kind that it beats, ties as halves, and the part
-- of it that is in the tenth of all customers ranked highest.
placed as (
    select
        *,
        {{ rate(twice_beaten, '2 * (all_customers - all_buyers)') }} as buyers_beat,
        {{ rate('2 * buyers_above + buyers', '2 * all_buyers') }} as beaten_by,
        least(greatest({{ rate(
            '(all_customers - 10 * customers_above)', '10 * customers'
        ) }}, 0), 1) as part_in_top_decile,
        {{ rate(
            'sum(buyers * ' ~ twice_beaten ~ ') over (partition by origin_date, model)',
            '2 * all_buyers * (all_customers - all_buyers)',
        ) }} as auc
    from ranked
)

select * from placed
