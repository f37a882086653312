with

products as (
    select
        *,
        {{ shop_key('product_id') }}
            as product_key,
        case
            when {{ is_not_arrived('arrival_date') }} then 'not_arrived'
            when product_id is null then 'missing_product_id'
            when unreadable_column is not null then 'unreadable_' || unreadable_column
        end as reason_code
    from {{ ref('int_products_unioned') }}
),

versions as (
    select
        *,
        row_number() over (
            partition by product_key, case when reason_code is null then 1 else 0 end
            order by {{ newest_first([
                'updated_at', 'product_name', 'category', 'source_file',
            ]) }}
        ) as version_number
    from products
),

classified as (
    select
        connector,
        shop_id,
        product_id,
        product_key,
        product_name,
        category,
        reason_code,
        case when reason_code is not null then raw_values end as raw_values,
        source_file,
        {{ row_status() }} as row_status
    from versions
)

select * from classified
