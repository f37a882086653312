{{ config(materialized='view') }}

{% set amounts = {
    'orders': 'gross_amount',
    'order_items': 'gross_amount',
    'order_lines': 'gross_amount',
    'refunds': 'refund_amount',
    'products': 'null',
    'customers': 'null',
} %}

with

checked_rows as (
    {%- for entity, amount in amounts.items() %}
        select
            connector,
            '{{ entity }}' as entity,
            row_status,
            reason_code,
            {{ amount }} as amount,
            source_file,
            raw_values
        from {{ ref('int_' ~ entity ~ '_checked') }}
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
)

select * from checked_rows
