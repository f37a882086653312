{{ incremental_by('order_key', 'int_touched_orders') }}

with

prints as (
    select *
    from {{ ref('int_touched_orders') }}
    where raw_rows is not null
)

select * from prints
