{% set before = kept('int_customers_checked') %}
{% set customers = ref('int_customers_unioned') %}
{% set changed = changed_files() if before else none %}

with

{%- if before %}

    rows_now as (
        select
            coalesce({{ identifier_key('customer_id', 'customer_id') }}, 0)
                as customer_id_key,
            source_file
        from {{ customers }}
        where {{ is_in_files(changed) }}
    ),

    rows_before as (
        select
            coalesce(customer_id_key, 0) as customer_id_key,
            source_file,
            {{ is_in_files(changed) }} as is_in_changed_file
        from {{ before }}
    ),

    touched_ids as (
        select customer_id_key from rows_now
        union
        select customer_id_key from rows_before
        where is_in_changed_file
    ),

    files as (
        select customer_id_key, source_file from rows_now
        union
        select customer_id_key, source_file from rows_before
        where not is_in_changed_file
    ),

    touched as (
        select
            touched_ids.customer_id_key,
            files.source_file
        from touched_ids
        left join files on touched_ids.customer_id_key = files.customer_id_key
    )
{%- else %}

    touched as (
        select
            cast(null as bigint) as customer_id_key,
            cast(null as {{ dbt.type_string() }}) as source_file
        where false
    )
{%- endif %}

select * from touched
