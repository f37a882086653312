{% set rules = [
    'zero', 'mean', 'own_rate', 'last_period', 'recency', 'frequency', 'hiatus', 'rfm_cell'
] %}

with

origins as (
    select
        status.origin_date,
        status.model,
        status.model_status
    from {{ ref('int_model_status') }} as status
    inner join {{ ref('int_prediction_origins') }} as origins
        on status.origin_date = origins.origin_date
    where origins.is_evaluated
),

-- A rule needs the same history as a model, to be judged beside it.
models as (
    select
        origin_date,
        model,
        false as is_baseline,
        model_status
    from origins
    {%- for rule in rules %}
        union all
        select
            origin_date,
            '{{ rule }}' as model,
            true as is_baseline,
            case
                when model_status = 'insufficient_data' then model_status else 'rule'
            end as model_status
        from origins
        where model = 'bgnbd'
    {%- endfor %}
)

select * from models
