with

names as (
    {%- for model, parameter in model_parameter_names() %}
        select
            '{{ model }}' as model,
            '{{ parameter }}' as parameter
        {{- "\n    union all" if not loop.last }}
    {%- endfor %}
),

-- A likelihood still climbing gives no value.
parameters as (
    select
        names.model,
        names.parameter,
        observation.as_of_date,
        case when fits.status = 'converged' then fits.value end as value,
        case when fits.status = 'converged' then fits.log_likelihood end
            as log_likelihood,
        status.customers,
        fits.iterations,
        coalesce(fits.status = 'converged', false) as converged,
        status.model_status,
        status.origin_date as calibration_end
    from names
    inner join {{ ref('int_model_status') }} as status on names.model = status.model
    inner join {{ ref('int_observation') }} as observation
        on status.origin_date = observation.as_of_date
    left join {{ ref('int_model_fits') }} as fits
        on
            status.origin_date = fits.origin_date
            and status.model = fits.model
            and names.parameter = fits.parameter
)

select * from parameters
