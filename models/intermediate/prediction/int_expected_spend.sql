-- Mean of the coming purchases (Fader, Hardie and Lee 2005): the shop's, and the more
-- the customer has bought, the customer's own.
with

spend as (
    select
        max(value) filter (where parameter = 'p') as p,
        max(value) filter (where parameter = 'q') as q,
        max(value) filter (where parameter = 'v') as v
    from {{ ref('int_model_fits') }}
    where model = 'gamma_gamma' and status = 'converged'
),

expected as (
    select
        customers.customer_key,
        case
            when
                spend.p * coalesce(repeats.repeat_purchases, 0) + spend.q > 1
                and coalesce(repeats.repeat_spend > 0, true)
                then
                    spend.p * (
                        spend.v
                        + coalesce(repeats.repeat_purchases * repeats.repeat_spend, 0)
                    )
                    / (spend.p * coalesce(repeats.repeat_purchases, 0) + spend.q - 1)
        end as expected_average_value
    from {{ ref('fct_customers') }} as customers
    left join {{ ref('int_repeat_spend') }} as repeats
        on customers.customer_key = repeats.customer_key
    cross join spend
)

select * from expected
