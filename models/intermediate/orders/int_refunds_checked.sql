{{ incremental_by('refund_key', 'int_touched_refunds') }}

with

keyed as (
    select
        *,
        {{ shop_key('refund_id') }} as refund_key
    from {{ ref('int_refunds_unioned') }}
    where {{ is_in_touched_file() }}
),

refunds as (
    select
        *,
        {{ shop_key('order_id') }} as order_key,
        {{ identifier_key('customer_id', 'customer_id') }} as customer_id_key
    from keyed
    where {{ is_touched() }}
),

-- A refund without an order is converted at its own day's rate, one with an order at
-- the order's.
dated as (
    select
        refunds.*,
        orders.order_key is not null as has_order,
        orders.currency as order_currency,
        coalesce(refunds.refund_date, orders.order_date) as dated_on,
        coalesce(refunds.currency, orders.currency) as stated_currency,
        case
            when orders.order_key is not null then orders.exchange_rate
            when refunds.currency = '{{ var("reporting_currency") }}' then 1
            else rates.rate
        end as exchange_rate
    from refunds
    left join {{ ref('int_orders_checked') }} as orders
        on refunds.order_key = orders.order_key and orders.row_status = 'accepted'
    left join {{ ref('int_exchange_rates') }} as rates
        on refunds.currency = rates.currency and refunds.refund_date = rates.rate_date
),

checked as (
    select
        dated.*,
        case
            when {{ is_not_arrived('coalesce(dated.arrival_date, dated.refund_date)') }}
                then 'not_arrived'
            when dated.refund_id is null then 'missing_refund_id'
            when dated.unreadable_column is not null
                then 'unreadable_' || dated.unreadable_column
            when dated.refund_amount is null then 'missing_refund_amount'
            when dated.order_id is null and dated.currency is null
                then 'missing_currency'
            when {{ is_implausible_date('dated.refund_date') }} then 'date_out_of_range'
            when dated.refund_date > as_of.as_of_date then 'after_as_of_date'
            when dated.refund_amount < 0 then 'negative_refund_amount'
            when dated.order_id is not null and not dated.has_order
                then 'order_not_found'
            when dated.stated_currency <> dated.order_currency
                then 'refund_currency_differs'
            when dated.dated_on is null then 'undated_refund'
            when dated.exchange_rate is null then 'missing_exchange_rate'
        end as reason_code
    from dated
    cross join {{ ref('int_as_of_date') }} as as_of
),

versions as (
    select
        *,
        row_number() over (
            partition by refund_key, case when reason_code is null then 1 else 0 end
            order by {{ newest_first([
                'updated_at', 'order_id', 'customer_id', 'refunded_at',
                'stated_currency', 'refund_amount', 'source_file',
            ]) }}
        ) as version_number
    from checked
),

classified as (
    select
        connector,
        shop_id,
        refund_id,
        refund_key,
        order_key,
        customer_id_key,
        stated_currency as currency,
        refund_amount,
        {{ converted('refund_amount') }} as converted_amount,
        dated_on as refund_date,
        reason_code,
        case when reason_code is not null then raw_values end as raw_values,
        source_file,
        {{ row_status() }} as row_status
    from versions
)

select * from classified
