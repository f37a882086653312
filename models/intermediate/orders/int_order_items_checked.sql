{{ config(materialized='view') }}

with

checked as (
    select
        items.*,
        files.version_number
    from {{ ref('int_order_items_read') }} as items
    left join {{ ref('int_superseded_files') }} as files
        on
            items.order_key = files.order_key
            and coalesce(items.source_file, '') = files.source_file
),

classified as (
    select
        *,
        {{ row_status() }} as row_status
    from checked
)

select * from classified
