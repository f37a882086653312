-- Recency goes by months of silence: cut points of another origin would not mean the
-- same.
with

cuts as (
    select
        origin_date,
        percentile_disc(0.2) within group (order by net_amount) as monetary_1,
        percentile_disc(0.4) within group (order by net_amount) as monetary_2,
        percentile_disc(0.6) within group (order by net_amount) as monetary_3,
        percentile_disc(0.8) within group (order by net_amount) as monetary_4
    from {{ ref('int_outcomes') }}
    group by origin_date
),

scored as (
    select
        outcomes.origin_date,
        outcomes.customer_key,
        outcomes.block,
        outcomes.actual_purchases,
        least(
            floor((outcomes.age_days - outcomes.recency_days) / {{ double('30') }}), 12
        ) as recency,
        case
            {%- for threshold in var('rfm_frequency_thresholds') %}
                when outcomes.repeat_purchases < {{ threshold }} then {{ loop.index }}
            {%- endfor %}
            else 5
        end as frequency,
        case
            {%- for cut in ['monetary_1', 'monetary_2', 'monetary_3', 'monetary_4'] %}
                when outcomes.net_amount <= cuts.{{ cut }} then {{ loop.index }}
            {%- endfor %}
            else 5
        end as monetary
    from {{ ref('int_outcomes') }} as outcomes
    inner join cuts on outcomes.origin_date = cuts.origin_date
),

cells as (
    {%- for model, cell in {
        'mean': '0',
        'recency': 'recency',
        'frequency': 'frequency',
        'rfm_cell': '100 * recency + 10 * frequency + monetary',
    }.items() %}
        select
            origin_date,
            '{{ model }}' as model,
            cast({{ cell }} as bigint) as cell,
            customer_key,
            block,
            actual_purchases
        from scored
        {{- "\n    union all" if not loop.last }}
    {%- endfor %}
)

select * from cells
