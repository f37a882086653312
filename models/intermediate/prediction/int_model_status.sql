with

fits as (
    select
        origin_date,
        model,
        max(status) as status
    from {{ ref('int_model_fits') }}
    group by origin_date, model
),

statuses as (
    select
        wanted.origin_date,
        wanted.model,
        wanted.customers,
        coalesce(fits.status, wanted.fit_status) as model_status
    from {{ ref('int_fits_wanted') }} as wanted
    left join fits
        on wanted.origin_date = fits.origin_date and wanted.model = fits.model
)

select * from statuses
