{% set before = kept('int_order_prints') %}

with

raw_rows as (
    {%- for relation in order_relations() %}
        {{ order_rows(relation) }}
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

prints as (
    select
        order_key,
        count(*) as raw_rows,
        sum(row_hash) as row_hashes
    from raw_rows
    group by order_key
),

touched as (
    {%- if before %}
        select
            coalesce(prints.order_key, before.order_key) as order_key,
            prints.raw_rows,
            prints.row_hashes
        from prints
        full outer join {{ before }} as before on prints.order_key = before.order_key
        where
            prints.raw_rows is distinct from before.raw_rows
            or prints.row_hashes is distinct from before.row_hashes
    {%- else %}
        select * from prints
    {%- endif %}
)

select * from touched
