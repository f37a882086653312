{{ incremental_by('order_key', 'int_touched_orders') }}

{% set reporting_currency = "'" ~ var('reporting_currency') ~ "'" %}

with

keyed as (
    select
        *,
        {{ shop_key('order_id') }} as order_key
    from {{ ref('int_orders_unioned') }}
    where {{ is_in_touched_file() }}
),

orders as (
    select *
    from keyed
    where {{ is_touched() }}
),

reasoned as (
    select
        orders.*,
        status_rules.is_valid
        and not status_rules.is_refunded
        and not status_rules.is_test as has_valid_status,
        case
            when orders.currency = {{ reporting_currency }} then 1
            else rates.rate
        end as exchange_rate,
        case
            when {{ is_not_arrived(
                'coalesce(orders.arrival_date, orders.order_date)'
            ) }} then 'not_arrived'
            when orders.order_id is null then 'missing_order_id'
            when orders.unreadable_column is not null
                then 'unreadable_' || orders.unreadable_column
            when orders.ordered_at is null then 'missing_ordered_at'
            when orders.gross_amount is null then 'missing_gross_amount'
            when orders.currency is null then 'missing_currency'
            when {{ is_implausible_date('orders.order_date') }} then 'date_out_of_range'
            when {{ is_after_as_of_date('orders.order_date') }} then 'after_as_of_date'
            when status_rules.status is null then 'unknown_status'
            when orders.gross_amount < 0 then 'negative_gross_amount'
            when orders.discount_amount < 0 then 'negative_discount_amount'
            when rates.rate is null and orders.currency <> {{ reporting_currency }}
                then 'missing_exchange_rate'
        end as reason_code
    from orders
    left join {{ ref('order_status_rules') }} as status_rules
        on
            orders.connector = status_rules.connector
            and orders.status = status_rules.status
    left join {{ ref('int_exchange_rates') }} as rates
        on orders.currency = rates.currency and orders.order_date = rates.rate_date
),

checked as (
    select
        *,
        case when reason_code is not null then raw_values end as rejected_values
    from reasoned
),

versions as (
    select
        connector,
        shop_id,
        order_id,
        order_key,
        customer_id,
        {{ identifier_key('customer_id', 'customer_id') }} as customer_id_key,
        {{ identifier_key('email', 'email_hash') }} as email_key,
        {{ identifier_key('phone', 'phone_hash') }} as phone_key,
        status,
        currency,
        channel,
        coupon_code,
        country,
        gross_amount,
        discount_amount,
        tax_amount,
        shipping_amount,
        refund_amount,
        exchange_rate,
        has_valid_status,
        ordered_at,
        order_date,
        case
            when has_order_time then cast(
                extract(hour from {{ local_time('ordered_at', 'time_zone') }}) as bigint
            )
        end as order_hour,
        reason_code,
        rejected_values as raw_values,
        source_file
        {%- for column in var('x_columns') %},
        {{ column }}
        {%- endfor %},
        row_number() over (
            partition by order_key, case when reason_code is null then 1 else 0 end
            order by {{ newest_first([
                'updated_at', 'customer_id', 'email_hash', 'phone_hash', 'ordered_at',
                'time_zone', 'status', 'currency', 'channel', 'coupon_code', 'country',
                'gross_amount', 'discount_amount', 'tax_amount', 'shipping_amount',
                'refund_amount', 'source_file', 'has_order_time',
            ] + var('x_columns')) }}
        ) as version_number
    from checked
),

classified as (
    select
        *,
        {{ row_status() }} as row_status
    from versions
)

select * from classified
