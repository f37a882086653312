{{ config(materialized='view') }}

{% set period_types = ['week', 'month', 'quarter'] %}

with
{%- for period_type in period_types %}

    {{ period_type }}s as (
        select
            purchases.customer_key,
            {{ period_number(
                "'" ~ period_type ~ "'",
                'observation.observation_start',
                'purchases.purchase_date',
            ) }} as period_number,
            min(purchases.purchase_number) = 1 as is_first,
            count(*) as purchases,
            cast(sum(purchases.orders) as bigint) as orders,
            cast(sum(purchases.net_amount) as decimal(18, 2)) as net_amount
        from {{ ref('int_purchases') }} as purchases
        cross join {{ ref('int_observation') }} as observation
        group by purchases.customer_key, period_number
    ),
{%- endfor %}

-- Who bought in the period before and not in this one has a row all the same.
statuses as (
    {%- for period_type in period_types %}
        select
            coalesce(active.customer_key, previous.customer_key) as customer_key,
            '{{ period_type }}' as period_type,
            coalesce(active.period_number, previous.period_number + 1)
                as period_number,
            case
                when active.customer_key is null then 'churned'
                when active.is_first then 'new'
                when previous.customer_key is null then 'reactivated'
                else 'retained'
            end as status,
            coalesce(active.purchases, 0) as purchases,
            coalesce(active.orders, 0) as orders,
            coalesce(active.net_amount, cast(0 as decimal(18, 2))) as net_amount,
            coalesce(previous.net_amount, cast(0 as decimal(18, 2)))
                as previous_net_amount
        from {{ period_type }}s as active
        full outer join {{ period_type }}s as previous
            on
                active.customer_key = previous.customer_key
                and active.period_number = previous.period_number + 1
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
)

select * from statuses
