with

raw_rows as (
    select
        connector,
        entity,
        count(*) as raw_rows,
        coalesce(sum(amount), 0) as raw_amount
    from {{ ref('int_raw_rows') }}
    group by connector, entity
),

checked_rows as (
    select
        connector,
        entity,
        count(*) filter (where row_status = 'accepted') as accepted_rows,
        count(*) filter (where row_status = 'superseded') as superseded_rows,
        count(*) filter (where row_status = 'rejected') as rejected_rows,
        coalesce(sum(amount) filter (where row_status = 'accepted'), 0) as accepted_amount,
        coalesce(sum(amount) filter (where row_status = 'superseded'), 0) as superseded_amount,
        coalesce(sum(amount) filter (where row_status = 'rejected'), 0) as rejected_amount
    from {{ ref('int_checked_rows') }}
    group by connector, entity
),

excluded_orders as (
    select
        connector,
        'orders' as entity,
        count(*) as excluded_rows,
        sum(original_gross_amount) as excluded_amount
    from {{ ref('int_orders') }}
    where not is_purchase
    group by connector
),

reconciled as (
    select
        raw_rows.connector,
        raw_rows.entity,
        observation.as_of_date,
        raw_rows.raw_rows,
        coalesce(checked_rows.accepted_rows, 0) as accepted_rows,
        coalesce(checked_rows.superseded_rows, 0) as superseded_rows,
        coalesce(checked_rows.rejected_rows, 0) as rejected_rows,
        raw_rows.raw_rows
        - coalesce(checked_rows.accepted_rows, 0)
        - coalesce(checked_rows.superseded_rows, 0)
        - coalesce(checked_rows.rejected_rows, 0) as difference_rows,
        cast(raw_rows.raw_amount as decimal(18,2)) as raw_amount,
        cast(coalesce(checked_rows.accepted_amount, 0) as decimal(18,2)) as accepted_amount,
        cast(coalesce(checked_rows.superseded_amount, 0) as decimal(18,2)) as superseded_amount,
        cast(coalesce(checked_rows.rejected_amount, 0) as decimal(18,2)) as rejected_amount,
        cast(
            raw_rows.raw_amount
            - coalesce(checked_rows.accepted_amount, 0)
            - coalesce(checked_rows.superseded_amount, 0)
            - coalesce(checked_rows.rejected_amount, 0) as decimal(18,2)
        ) as difference_amount,
        coalesce(excluded_orders.excluded_rows, 0) as excluded_rows,
        cast(coalesce(excluded_orders.excluded_amount, 0) as decimal(18,2)) as excluded_amount
    from raw_rows
    left join checked_rows
        on raw_rows.connector = checked_rows.connector and raw_rows.entity = checked_rows.entity
    left join excluded_orders
        on raw_rows.connector = excluded_orders.connector and raw_rows.entity = excluded_orders.entity
    cross join {{ ref('int_observation') }} as observation
)

select * from reconciled
