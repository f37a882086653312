{{ incremental_by('order_key', 'int_touched_orders') }}

with

-- Equal lines are real, so lines have no versions: the whole file of an order wins.
items as (
    select
        order_key,
        coalesce(source_file, '') as source_file,
        updated_at
    from {{ ref('int_order_items_read') }}
    where reason_code is null and {{ is_touched() }}
),

orders_in_files as (
    select order_key
    from items
    group by order_key
    having min(source_file) <> max(source_file)
),

files as (
    select
        items.order_key,
        items.source_file,
        row_number() over (
            partition by items.order_key
            order by max(items.updated_at) desc nulls last, items.source_file
        ) as version_number
    from items
    inner join orders_in_files on items.order_key = orders_in_files.order_key
    group by items.order_key, items.source_file
)

select * from files
where version_number > 1
