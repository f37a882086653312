{% set before = kept('int_order_prints') %}
{% set changed = changed_files() if before else none %}

with

raw_rows as (
    {%- for relation in order_relations() %}
        {{ order_rows(relation) }}
        where {{ is_in_files(changed) }}
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

prints as (
    select
        order_key,
        source_file,
        count(*) as raw_rows,
        sum(row_hash) as row_hashes
    from raw_rows
    group by order_key, source_file
),

{%- if before %}

    compared as (
        select * from {{ before }}
        where {{ is_in_files(changed) }}
    ),

    touched_orders as (
        select distinct coalesce(prints.order_key, compared.order_key) as order_key
        from prints
        full outer join compared
            on
                prints.order_key = compared.order_key
                and prints.source_file = compared.source_file
        where
            prints.raw_rows is distinct from compared.raw_rows
            or prints.row_hashes is distinct from compared.row_hashes
    ),

    all_prints as (
        select
            order_key,
            source_file,
            raw_rows,
            row_hashes
        from {{ before }}
        where not {{ is_in_files(changed) }}
        union all
        select
            order_key,
            source_file,
            raw_rows,
            row_hashes
        from prints
    ),

    touched as (
        select
            touched_orders.order_key,
            all_prints.source_file,
            all_prints.raw_rows,
            all_prints.row_hashes
        from touched_orders
        left join all_prints on touched_orders.order_key = all_prints.order_key
    )
{%- else %}

    touched as (
        select * from prints
    )
{%- endif %}

select * from touched
