with

fixed_limits as (
    select
        'fixed' as definition,
        days_in_use as limit_days
    from {{ ref('lifecycle_limits') }}
    where limit_name = 'lapse'
    union all
    select
        'suggested' as definition,
        suggested_days as limit_days
    from {{ ref('lifecycle_limits') }}
    where suggested_days is not null
),

-- A cycle is known from the third purchase on.
passed_limits as (
    select
        silences.customer_key,
        fixed_limits.definition,
        silences.first_purchase_date as counted_from,
        silences.purchase_date,
        fixed_limits.limit_days,
        silences.returned_on
    from {{ ref('int_silences') }} as silences
    inner join fixed_limits on silences.silent_days > fixed_limits.limit_days
    union all
    select
        silences.customer_key,
        'cycle' as definition,
        third_purchases.purchase_date as counted_from,
        silences.purchase_date,
        cycle_limits.limit_days,
        silences.returned_on
    from {{ ref('int_silences') }} as silences
    inner join {{ ref('int_cycle_limits') }} as cycle_limits
        on
            silences.customer_key = cycle_limits.customer_key
            and silences.purchase_number = cycle_limits.purchase_number
    inner join {{ ref('int_silences') }} as third_purchases
        on
            silences.customer_key = third_purchases.customer_key
            and third_purchases.purchase_number = 3
),

spells as (
    select
        customer_key,
        definition,
        counted_from,
        {{ add_days('purchase_date', 'floor(limit_days) + 1') }} as churned_on,
        returned_on
    from passed_limits
)

select * from spells
