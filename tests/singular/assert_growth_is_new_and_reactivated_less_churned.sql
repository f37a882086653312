-- Active customers are new, retained and reactivated ones; from one complete period to the next
-- customers and revenue grow by what is won less what is lost.
{{ config(tags=['lifecycle']) }}

with

periods as (
    select
        *,
        lag(active) over in_sequence as active_before,
        lag(revenue) over in_sequence as revenue_before
    from {{ ref('growth_accounting') }}
    window in_sequence as (partition by period_type order by period_start)
)

select * from periods
where
    active <> new + retained + reactivated
    or revenue <> new_revenue + retained_revenue + reactivated_revenue
    or (is_complete and active - active_before <> new + reactivated - churned)
    or (
        is_complete
        and revenue - revenue_before
        <> new_revenue + reactivated_revenue + expansion_revenue
        - contraction_revenue - churned_revenue
    )
    or (is_complete and (churned is null or churned_revenue is null))
    or (not is_complete and (churned is not null or quick_ratio is not null))
