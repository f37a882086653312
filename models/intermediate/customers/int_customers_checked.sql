{{ incremental_by('customer_id_key', 'int_touched_customer_ids') }}

with

keyed as (
    select
        *,
        {{ identifier_key('customer_id', 'customer_id') }} as customer_id_key
    from {{ ref('int_customers_unioned') }}
    where {{ is_in_touched_file() }}
),

customers as (
    select
        *,
        {{ identifier_key('email', 'email_hash') }} as email_key,
        {{ identifier_key('phone', 'phone_hash') }} as phone_key,
        case
            when {{ is_not_arrived('arrival_date') }} then 'not_arrived'
            when customer_id is null then 'missing_customer_id'
            when unreadable_column is not null then 'unreadable_' || unreadable_column
        end as reason_code
    from keyed
    where {{ is_touched() }}
),

versions as (
    select
        *,
        row_number() over (
            partition by
                customer_id_key,
                case when reason_code is null then 1 else 0 end
            order by {{ newest_first([
                'updated_at', 'email_hash', 'phone_hash', 'country', 'source_file',
            ]) }}
        ) as version_number
    from customers
),

classified as (
    select
        connector,
        customer_id,
        customer_id_key,
        email_key,
        phone_key,
        country,
        reason_code,
        case when reason_code is not null then raw_values end as raw_values,
        source_file,
        {{ row_status() }} as row_status
    from versions
)

select * from classified
