{% set in_100 = {} %}
{% for probability in ['probability_alive', 'repurchase_probability_90d'] -%}
{% do in_100.update({
    probability: as_text('cast(floor(100 * ' ~ probability ~ ' + 0.5) as bigint)')
}) %}
{%- endfor %}
{% set caveat %}
    case
        when btyd_frequency = 0 then ' Bought once: mostly the average of the shop.'
        else ''
    end
{%- endset %}
{% set caveat_zh %}
    case when btyd_frequency = 0 then '只买过一次：基本是全店平均。' else '' end
{%- endset %}

with

predictions as (
    select
        customers.customer_key,
        customers.as_of_date,
        '{{ var("prediction_model") }}' as model,
        status.model_status,
        history.repeat_purchases as btyd_frequency,
        history.recency_days / {{ double('7') }} as btyd_recency_weeks,
        history.age_days / {{ double('7') }} as btyd_age_weeks,
        expected.probability_alive,
        1 - expected.probability_alive as churn_probability,
        expected.repurchase_probability_90d,
        expected.expected_purchases_30d,
        expected.expected_purchases_90d,
        expected.expected_purchases_365d,
        {{ add_days(
            'customers.as_of_date', 'floor(expected.median_days_to_next + 0.5)'
        ) }} as expected_next_purchase_date,
        cycles.expected_next_purchase_date as cycle_next_purchase_date,
        spend.expected_average_value,
        customers.historic_clv,
        expected.discounted_purchases * spend.expected_average_value
        * {{ double(var('clv_margin')) }} as predicted_clv
    from {{ ref('fct_customers') }} as customers
    inner join {{ ref('int_btyd_statistics') }} as history
        on
            customers.customer_key = history.customer_key
            and customers.as_of_date = history.origin_date
    inner join {{ ref('int_model_status') }} as status
        on
            customers.as_of_date = status.origin_date
            and status.model = '{{ var("prediction_model") }}'
    left join {{ ref('int_customer_expectations') }} as expected
        on customers.customer_key = expected.customer_key
    left join {{ ref('int_expected_spend') }} as spend
        on customers.customer_key = spend.customer_key
    left join {{ ref('purchase_cycles') }} as cycles
        on customers.customer_key = cycles.customer_key
),

explained as (
    select
        *,
        historic_clv + predicted_clv as total_clv,
        case
            when model_status = 'insufficient_data'
                then 'No prediction: too few buyers or too short a history.'
            when model_status <> 'converged'
                then 'No prediction: the purchases fit no model.'
            else
                'Of 100 customers like this one, '
                || {{ in_100['probability_alive'] }} || ' are still customers and '
                || {{ in_100['repurchase_probability_90d'] }}
                || ' buy within 90 days.' || {{ caveat }}
        end as in_plain_words,
        case
            when model_status = 'insufficient_data'
                then '暂无预测：顾客太少或历史太短。'
            when model_status <> 'converged' then '暂无预测：购买记录不适合任何模型。'
            else
                '100 位这样的顾客中，' || {{ in_100['probability_alive'] }}
                || ' 位仍是顾客，' || {{ in_100['repurchase_probability_90d'] }}
                || ' 位会在 90 天内购买。' || {{ caveat_zh }}
        end as in_plain_words_zh
    from predictions
)

select * from explained
