{% macro line_order(line_number='line_number') -%}
    {{ repurchase.try_number(line_number, 'decimal(18,3)') }} nulls last,
    {{ line_number }} nulls last,
    product_id,
    quantity,
    unit_price,
    discount_amount nulls last
{%- endmacro %}
