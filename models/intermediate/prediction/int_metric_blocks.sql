{#- What a customer adds to the two sums whose ratio is the metric. An area under a
    curve is no such ratio: a customer adds what it owes to the customer (DeLong et al.
    1988). -#}
{% set metrics = {
    'rmse': ['power(expected_purchases - actual_purchases, 2)', '1'],
    'bias': ['expected_purchases - actual_purchases', '1'],
    'poisson_deviance': ['deviance', '1'],
    'brier': ['power(repurchase_probability - has_bought, 2)', '1'],
    'auc': ['auc_part', '1'],
    'top_decile_capture': ['actual_purchases * part_in_top_decile', 'actual_purchases'],
    'false_alarm_rate': [
        'case when is_called_gone then has_bought end',
        'case when is_called_gone then 1 end',
    ],
} %}

with

judged as (
    select
        predictions.*,
        ranks.part_in_top_decile,
        case when predictions.actual_purchases > 0 then 1 else 0 end as has_bought,
        -- Without end where a zero met a purchase.
        case
            when predictions.actual_purchases = 0
                then 2 * predictions.expected_purchases
            when predictions.expected_purchases > 0 then 2 * (
                predictions.actual_purchases * ln(
                    predictions.actual_purchases / predictions.expected_purchases
                )
                - (predictions.actual_purchases - predictions.expected_purchases)
            )
        end as deviance,
        case
            when predictions.actual_purchases > 0
                then
                    ranks.auc + (ranks.buyers_beat - ranks.auc)
                    * ranks.all_customers / ranks.all_buyers
            else
                ranks.auc + (ranks.beaten_by - ranks.auc)
                * ranks.all_customers / (ranks.all_customers - ranks.all_buyers)
        end as auc_part
    from {{ ref('int_past_predictions') }} as predictions
    inner join {{ ref('int_prediction_ranks') }} as ranks
        on
            predictions.origin_date = ranks.origin_date
            and predictions.model = ranks.model
            and predictions.expected_purchases = ranks.expected_purchases
),

sums as (
    select
        origin_date,
        model,
        block,
        {%- for metric, (numerator, denominator) in metrics.items() %}
            {{ sum_in_order(numerator) }} as {{ metric }}_numerator,
            sum({{ denominator }}) as {{ metric }}_denominator,
        {%- endfor %}
        count(*) filter (where deviance is null) as undefined_deviances
    from judged
    group by origin_date, model, block
),

blocks as (
    {%- for metric in metrics %}
        select
            origin_date,
            model,
            '{{ metric }}' as metric,
            block,
            {{ metric }}_numerator as numerator,
            {{ metric }}_denominator as denominator,
            {{ 'undefined_deviances' if metric == 'poisson_deviance' else '0' }}
                as undefined
        from sums
        {{- "\n    union all" if not loop.last }}
    {%- endfor %}
)

select * from blocks
