{% macro warning_code() -%}
    {#- Usable but odd: see reason_codes. Only connectors that give lines are asked for
        them. -#}
    {%- set with_lines = [] -%}
    {%- for connector in var('connectors')
        if repurchase.has_entity(connector, 'order_items')
        or repurchase.has_entity(connector, 'order_lines') -%}
        {%- do with_lines.append("'" ~ connector ~ "'") -%}
    {%- endfor -%}
    case
        {%- if with_lines %}
        when lines.order_key is null
            and orders.connector in ({{ with_lines | join(', ') }})
            then 'no_lines'
        {%- endif %}
        when lines.gross_amount <> orders.original_gross_amount
            or lines.discount_amount <> orders.original_discount_amount
            then 'lines_differ'
        when orders.discount_amount > orders.gross_amount then 'discount_exceeds_gross'
    end
{%- endmacro %}
