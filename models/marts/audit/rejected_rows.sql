with

rejected as (
    select
        connector,
        entity,
        md5(coalesce(source_file, '') || '|' || coalesce(raw_values, '')) as row_hash,
        reason_code,
        source_file,
        raw_values
    from {{ ref('int_checked_rows') }}
    where row_status = 'rejected'
),

-- Rows alike in every value have the same hash and are told apart by a number.
numbered as (
    select
        *,
        row_number() over (
            partition by connector, entity, row_hash
            order by reason_code
        ) as copy_number
    from rejected
),

explained as (
    select
        numbered.connector,
        numbered.entity,
        numbered.row_hash || '-'
        || cast(numbered.copy_number as {{ dbt.type_string() }}) as row_key,
        numbered.reason_code,
        reason_codes.reason,
        reason_codes.reason_zh,
        numbered.source_file,
        numbered.raw_values
    from numbered
    left join {{ ref('reason_codes') }} as reason_codes
        on numbered.reason_code = reason_codes.reason_code
)

select * from explained
