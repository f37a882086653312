{% set before = kept('int_refunds_checked') %}
{% set touched_orders = ref('int_touched_orders') %}
{% set changed = changed_files() if before else none %}
{% set made_of_orders = [
    ref('int_refunds_from_orders'), ref('int_refunds_from_lines'),
] %}
{% set refunds = ref('int_refunds_unioned') %}
{% set as_of = ref('int_as_of_date') %}

{#- A line of a refund document has the id of the document with a number. -#}
{% set document_key = shop_key(replace_matches('refund_id', '-[0-9]+$', '')) %}

with

{%- if before %}

    orders as (
        select distinct order_key from {{ touched_orders }}
    ),

    rows_now as (
        select
            coalesce({{ shop_key('refund_id') }}, 0) as refund_key,
            source_file
        from {{ refunds }}
        where {{ is_in_files(changed) }}
        {%- for relation in made_of_orders %}
            union all
            select
                {{ shop_key('refund_id') }} as refund_key,
                source_file
            from {{ relation }}
            where order_key in (select order_key from orders)
        {%- endfor %}
    ),

    rows_before as (
        select
            coalesce(refund_key, 0) as refund_key,
            source_file,
            refund_date,
            reason_code,
            {{ is_in_files(changed) }} as is_in_changed_file,
            coalesce(order_key, {{ document_key }}) as order_key
        from {{ before }}
    ),

    -- The as-of date may have moved either way. What has an implausible date is
    -- rejected for that, whatever the day.
    touched_refunds as (
        select refund_key from rows_now
        union
        select refund_key from rows_before
        where is_in_changed_file or order_key in (select order_key from orders)
        union
        select rows_before.refund_key
        from rows_before
        cross join {{ as_of }} as as_of
        where
            coalesce(rows_before.reason_code, '') <> 'date_out_of_range'
            and coalesce(rows_before.reason_code = 'after_as_of_date', false)
            <> coalesce(rows_before.refund_date > as_of.as_of_date, false)
    ),

    files as (
        select refund_key, source_file from rows_now
        union all
        select refund_key, source_file from rows_before
        where not is_in_changed_file
    ),

    touched as (
        select distinct
            touched_refunds.refund_key,
            files.source_file
        from touched_refunds
        left join files on touched_refunds.refund_key = files.refund_key
    )
{%- else %}

    touched as (
        select
            cast(null as bigint) as refund_key,
            cast(null as {{ dbt.type_string() }}) as source_file
        where false
    )
{%- endif %}

select * from touched
