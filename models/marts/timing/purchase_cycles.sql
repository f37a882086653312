with

closed_gaps as (
    select
        customer_key,
        count(*) as gaps,
        cast(sum(gap_days) as bigint) as total_days,
        cast(sum(gap_days * gap_days) as bigint) as sum_of_squares,
        percentile_cont(0.5) within group (order by gap_days) as median_gap_days
    from {{ ref('int_gaps') }}
    where is_closed
    group by customer_key
),

-- One gap is no rhythm: all but the count needs two.
regulars as (
    select
        closed_gaps.customer_key,
        closed_gaps.median_gap_days,
        {{ rate('closed_gaps.total_days', 'closed_gaps.gaps') }} as mean_gap_days,
        sqrt(
            {{ rate(
                'closed_gaps.gaps * closed_gaps.sum_of_squares'
                ~ ' - closed_gaps.total_days * closed_gaps.total_days',
                '(closed_gaps.gaps - 1)',
            ) }} * closed_gaps.gaps
        )
        / closed_gaps.total_days as gap_cv,
        usual_cycles.usual_gap_days,
        {{ cycle_days(
            'closed_gaps.gaps',
            'closed_gaps.median_gap_days',
            'usual_cycles.usual_gap_days',
        ) }} as cycle_days
    from closed_gaps
    inner join {{ ref('int_usual_cycles') }} as usual_cycles
        on closed_gaps.customer_key = usual_cycles.customer_key
    where closed_gaps.gaps >= 2
),

cycles as (
    select
        customers.customer_key,
        customers.as_of_date,
        customers.purchase_count - 1 as gaps,
        regulars.median_gap_days,
        regulars.mean_gap_days,
        regulars.gap_cv,
        regulars.usual_gap_days,
        regulars.cycle_days,
        {{ add_days(
            'customers.last_purchase_date', 'floor(regulars.cycle_days + 0.5)'
        ) }} as expected_next_purchase_date,
        customers.recency_days / regulars.cycle_days as overdue_ratio
    from {{ ref('fct_customers') }} as customers
    left join regulars on customers.customer_key = regulars.customer_key
)

select * from cycles
