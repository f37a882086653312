with

entities as (
    {%- for connector, entity in connector_entities() %}
        select
            '{{ connector }}' as connector,
            '{{ entity }}' as entity
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

raw_rows as (
    select
        connector,
        entity,
        count(*) as raw_rows,
        sum(amount) as raw_amount
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
        sum(amount) filter (where row_status = 'accepted') as accepted_amount,
        sum(amount) filter (where row_status = 'superseded') as superseded_amount,
        sum(amount) filter (where row_status = 'rejected') as rejected_amount
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

joined as (
    select
        entities.connector,
        entities.entity,
        observation.as_of_date,
        coalesce(raw_rows.raw_rows, 0) as raw_rows,
        coalesce(checked_rows.accepted_rows, 0) as accepted_rows,
        coalesce(checked_rows.superseded_rows, 0) as superseded_rows,
        coalesce(checked_rows.rejected_rows, 0) as rejected_rows,
        coalesce(raw_rows.raw_amount, 0) as raw_amount,
        coalesce(checked_rows.accepted_amount, 0) as accepted_amount,
        coalesce(checked_rows.superseded_amount, 0) as superseded_amount,
        coalesce(checked_rows.rejected_amount, 0) as rejected_amount,
        coalesce(excluded_orders.excluded_rows, 0) as excluded_rows,
        coalesce(excluded_orders.excluded_amount, 0) as excluded_amount
    from entities
    left join raw_rows
        on
            entities.connector = raw_rows.connector
            and entities.entity = raw_rows.entity
    left join checked_rows
        on
            entities.connector = checked_rows.connector
            and entities.entity = checked_rows.entity
    left join excluded_orders
        on
            entities.connector = excluded_orders.connector
            and entities.entity = excluded_orders.entity
    cross join {{ ref('int_observation') }} as observation
),

reconciled as (
    select
        connector,
        entity,
        as_of_date,
        raw_rows,
        accepted_rows,
        superseded_rows,
        rejected_rows,
        raw_rows - accepted_rows - superseded_rows - rejected_rows as difference_rows,
        cast(raw_amount as decimal(18, 2)) as raw_amount,
        cast(accepted_amount as decimal(18, 2)) as accepted_amount,
        cast(superseded_amount as decimal(18, 2)) as superseded_amount,
        cast(rejected_amount as decimal(18, 2)) as rejected_amount,
        cast(
            raw_amount - accepted_amount - superseded_amount - rejected_amount
            as decimal(18, 2)
        ) as difference_amount,
        excluded_rows,
        cast(excluded_amount as decimal(18, 2)) as excluded_amount
    from joined
)

select * from reconciled
