{{ config(materialized='view') }}

{% set line_value = line_amount('quantity', 'unit_price') %}
{% set amounts = {
    'orders': 'gross_amount',
    'order_items': line_value,
    'order_lines': line_value,
    'refunds': 'refund_amount',
    'products': 'null',
    'customers': 'null',
} %}

with

raw_rows as (
    {%- for entity, amount in amounts.items() %}
        select
            connector,
            '{{ entity }}' as entity,
            {{ amount }} as amount
        from {{ ref('int_' ~ entity ~ '_unioned') }}
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
)

select * from raw_rows
