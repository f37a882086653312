{{ incremental_by('order_key', 'int_touched_orders') }}

with

keyed as (
    select
        *,
        {{ shop_key('order_id') }} as order_key,
        coalesce(source_file, '') as file_name
    from {{ ref('int_order_lines_unioned') }}
    where {{ is_in_touched_file() }}
),

lines as (
    select *
    from keyed
    where {{ is_touched() }}
),

-- Some exports fill an order's columns on its first row only. What a file says of an
-- order arrives as one: no row is filled from a later one.
filled as (
    select
        *,
        coalesce(status, max(status) over order_in_file) as order_status,
        coalesce(ordered_at, max(ordered_at) over order_in_file) as order_moment,
        coalesce(order_date, max(order_date) over order_in_file) as order_day,
        coalesce(has_order_time, bool_or(has_order_time) over order_in_file)
            as order_has_time,
        {{ is_not_arrived(
            'coalesce(max(arrival_date) over order_in_file, '
            ~ 'max(order_date) over order_in_file)'
        ) }} as is_not_arrived,
        {{ line_amount('quantity', 'unit_price') }} as gross_amount
    from lines
    window order_in_file as (partition by order_key, file_name)
),

checked as (
    select
        filled.*,
        status_rules.is_valid,
        status_rules.is_refund_document,
        case
            when filled.is_not_arrived then 'not_arrived'
            when filled.order_id is null then 'missing_order_id'
            when filled.unreadable_column is not null
                then 'unreadable_' || filled.unreadable_column
            when filled.order_moment is null then 'missing_ordered_at'
            when filled.quantity is null then 'missing_quantity'
            when filled.unit_price is null then 'missing_unit_price'
            when filled.product_id is null then 'missing_product_id'
            when filled.gross_amount is null then 'amount_out_of_range'
            when {{ is_implausible_date('filled.order_day') }} then 'date_out_of_range'
            when {{ is_after_as_of_date('filled.order_day') }} then 'after_as_of_date'
            when status_rules.status is null then 'unknown_status'
            when filled.quantity < 0 and not status_rules.is_refund_document
                then 'negative_quantity'
            when filled.unit_price < 0 and not status_rules.is_refund_document
                then 'negative_unit_price'
            when filled.discount_amount < 0 and not status_rules.is_refund_document
                then 'negative_discount_amount'
        end as reason_code
    from filled
    left join {{ ref('order_status_rules') }} as status_rules
        on
            filled.connector = status_rules.connector
            and filled.order_status = status_rules.status
),

files as (
    select
        order_key,
        file_name,
        row_number() over (
            partition by order_key
            order by max(updated_at) desc nulls last, file_name
        ) as file_number
    from checked
    where reason_code is null
    group by order_key, file_name
),

classified as (
    select
        checked.*,
        case
            when checked.reason_code is not null then 'rejected'
            when files.file_number > 1 then 'superseded'
            else 'accepted'
        end as row_status
    from checked
    left join files
        on checked.order_key = files.order_key and checked.file_name = files.file_name
)

select * from classified
