{{ fit_models(
    wanted=ref('int_fits_wanted'),
    btyd_groups=ref('int_btyd_groups'),
    spend_groups=ref('int_spend_groups'),
) }}
