with

fits as (
    select
        origin_date,
        model,
        max(value) filter (where parameter = 'r') as r,
        max(value) filter (where parameter = 'alpha') as alpha,
        max(value) filter (where parameter = 'a') as a,
        max(value) filter (where parameter = 'b') as b
    from {{ ref('int_model_fits') }}
    where model <> 'gamma_gamma' and status = 'converged'
    group by origin_date, model
)

select * from fits
