with

all_customers as (
    select sum(customers) as customers from {{ ref('int_value_ranks') }}
),

-- Customers of equal value share the best rank among them.
value_deciles as (
    select
        ranks.net_amount,
        cast(
            floor(ranks.customers_above * 10.0 / all_customers.customers) + 1 as bigint
        ) as value_decile
    from {{ ref('int_value_ranks') }} as ranks
    cross join all_customers
),

reactivations as (
    select
        customer_key,
        count(*) as reactivations
    from {{ ref('reactivations') }}
    group by customer_key
),

profiles as (
    select
        customers.customer_key,
        customers.as_of_date,
        customers.customer_id,
        habits.country,
        customers.first_purchase_date,
        customers.last_purchase_date,
        customers.order_count,
        customers.purchase_count,

        ---------- value
        customers.historic_clv,
        customers.average_order_value,
        value_deciles.value_decile,
        scores.rfm_cell,
        scores.rfm_segment,
        scores.rfm_segment_zh,
        scores.rfm_value_type,

        ---------- rhythm
        states.lifecycle_state,
        states.lifecycle_state_zh,
        cycles.cycle_days,
        cycles.expected_next_purchase_date,
        cycles.overdue_ratio,

        ---------- habits
        customers.first_channel,
        customers.first_category,
        habits.preferred_channel,
        tastes.preferred_category,
        tastes.preferred_product_id,
        habits.preferred_weekday,
        habits.preferred_hour_band,
        habits.discounted_orders,
        {{ rate('habits.discounted_orders', 'customers.order_count') }}
            as discount_dependence,
        tastes.categories_bought,
        tastes.products_bought,

        ---------- risk
        coalesce(reactivations.reactivations, 0) as reactivations,
        states.is_churned_fixed,
        states.is_churned_cycle,
        case
            when states.is_churned_fixed or states.is_churned_cycle then 'high'
            when
                states.lifecycle_state = 'at_risk'
                or cycles.expected_next_purchase_date < customers.as_of_date
                then 'medium'
            else 'low'
        end as risk
    from {{ ref('fct_customers') }} as customers
    inner join {{ ref('customer_lifecycle') }} as states
        on customers.customer_key = states.customer_key
    inner join {{ ref('purchase_cycles') }} as cycles
        on customers.customer_key = cycles.customer_key
    inner join {{ ref('int_customer_habits') }} as habits
        on customers.customer_key = habits.customer_key
    inner join value_deciles on customers.historic_clv = value_deciles.net_amount
    left join {{ ref('int_customer_tastes') }} as tastes
        on customers.customer_key = tastes.customer_key
    left join {{ ref('rfm_scores') }} as scores
        on customers.customer_key = scores.customer_key
    left join reactivations on customers.customer_key = reactivations.customer_key
)

select * from profiles
